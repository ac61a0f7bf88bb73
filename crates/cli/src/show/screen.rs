//! What is printed on: how wide it is, and whether it has colours.

use clap::ColorChoice;
use console::{Style, Term, measure_text_width};
use diskprint::report::Tally;

/// How wide lines are where there is no terminal.
const WIDTH: usize = 100;
/// How narrow a terminal may be.
const LEAST_WIDTH: usize = 40;

pub struct Screen {
    pub width: usize,
    is_coloured: bool,
}

/// What happened, by the sign that stands for it and its colour.
const ACTIONS: [(char, fn() -> Style); 4] = [
    ('+', || Style::new().green()),
    ('~', || Style::new().yellow()),
    ('−', || Style::new().red()),
    ('?', || Style::new().magenta()),
];

/// The numbers of a tally, in the order of [`ACTIONS`].
fn counts(tally: Tally) -> [usize; 4] {
    let Tally { new, altered, deleted, recovered } = tally;
    [new, altered, deleted, recovered]
}

impl Screen {
    /// Standard output.
    pub fn new(color: ColorChoice) -> Self {
        let term = Term::stdout();
        let is_coloured = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => term.features().colors_supported(),
        };
        let width = term.size_checked().map_or(WIDTH, |(_, columns)| columns.into());
        Self { width: width.max(LEAST_WIDTH), is_coloured }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        style.force_styling(self.is_coloured).apply_to(text).to_string()
    }

    /// A heading.
    pub fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// What is beside the point.
    pub fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dim(), text)
    }

    /// Text in the colour of what happened: 0 new, 1 altered, 2 deleted, 3 recovered.
    pub fn action(&self, action: usize, text: &str) -> String {
        match ACTIONS.get(action) {
            Some((_, style)) => self.paint(style(), text),
            None => text.to_owned(),
        }
    }

    /// The sign of what happened, in its colour.
    pub fn sign(&self, action: usize) -> String {
        let sign = ACTIONS.get(action).map_or(' ', |(sign, _)| *sign);
        self.action(action, &sign.to_string())
    }

    /// What the signs mean.
    pub fn legend(&self) -> String {
        let words = ["new", "altered", "deleted", "recovered"];
        let parts: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(action, word)| format!("{} {word}", self.sign(action)))
            .collect();
        parts.join("  ")
    }

    /// `+12 ~3 −1 ?2`; what there is none of is left out.
    pub fn badges(&self, tally: Tally) -> String {
        let counts = counts(tally).into_iter().zip(ACTIONS).enumerate();
        let badges: Vec<String> = counts
            .filter(|(_, (count, _))| *count > 0)
            .map(|(action, (count, (sign, _)))| self.action(action, &format!("{sign}{count}")))
            .collect();
        badges.join(" ")
    }

    /// A bar with a part for each of what happened; `most` changes are `width` characters.
    pub fn bar(&self, tally: Tally, most: usize, width: usize) -> String {
        let (mut sum, mut end, mut bar) = (0, 0, String::new());
        for (action, (count, (sign, _))) in counts(tally).into_iter().zip(ACTIONS).enumerate() {
            sum += count;
            // What there is shows, however little it is.
            let least = end + usize::from(count > 0);
            let next = (sum * width).div_ceil(most.max(1)).max(least).min(width);
            let sign = if self.is_coloured { '█' } else { sign };
            let part: String = std::iter::repeat_n(sign, next.saturating_sub(end)).collect();
            if !part.is_empty() {
                bar += &self.action(action, &part);
            }
            end = end.max(next);
        }
        bar
    }

    /// The words of a text in lines of this width, each line behind `indent` spaces.
    pub fn wrap(&self, text: &str, indent: usize) -> String {
        let width = self.width.min(WIDTH);
        let (mut lines, mut at) = (" ".repeat(indent), indent);
        for (index, word) in text.split(' ').enumerate() {
            let long = measure_text_width(word);
            if index > 0 && at + 1 + long > width {
                lines += &format!("\n{}", " ".repeat(indent));
                at = indent;
            } else if index > 0 {
                lines.push(' ');
                at += 1;
            }
            lines += word;
            at += long;
        }
        lines
    }
}

/// How many columns a text takes, without regard to its colours.
pub fn columns(text: &str) -> usize {
    measure_text_width(text)
}

/// A text with spaces behind it up to a width.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: usize) -> Screen {
        Screen { width, is_coloured: false }
    }

    #[test]
    fn bars_are_in_proportion_and_show_what_is_little() {
        let tally = Tally { new: 50, altered: 1, deleted: 0, recovered: 49 };
        assert_eq!(plain(80).bar(tally, 100, 10), "+++++~????");
        assert_eq!(plain(80).bar(tally, 200, 10), "+++~?");
        assert_eq!(plain(80).bar(Tally::default(), 100, 10), "");
        let few = Tally { new: 1, altered: 1, deleted: 1, recovered: 1 };
        assert_eq!(plain(80).bar(few, 1_000_000, 10), "+~−?");
        assert_eq!(plain(80).badges(tally), "+50 ~1 ?49");
    }

    #[test]
    fn lines_are_no_wider_than_the_screen_but_for_one_long_word() {
        let text = "one two three fourfourfour";
        assert_eq!(plain(9).wrap(text, 2), "  one two\n  three\n  fourfourfour");
        // Characters that take two columns.
        assert_eq!(plain(9).wrap("日本 日本", 0), "日本 日本");
        assert_eq!(plain(8).wrap("日本 日本", 0), "日本\n日本");
    }

    #[test]
    fn colours_take_no_room() {
        let screen = Screen { width: 80, is_coloured: true };
        let bold = screen.bold("text");
        assert!(bold.starts_with('\u{1b}') && columns(&bold) == 4, "{bold:?}");
        assert_eq!(columns(&pad(&bold, 7)), 7);
        assert!(!plain(80).bold("text").contains('\u{1b}'));
    }
}
