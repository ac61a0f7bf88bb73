//! The words of SQL, as PostgreSQL reads them.
// Source: PostgreSQL manual, 4.1 "Lexical Structure"

/// A word of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name or keyword, in lower case unless it was quoted.
    Word(String),
    /// Text in quotes.
    Text(String),
    /// Digits with what belongs to a number.
    Number(String),
    /// `::`
    Cast,
    /// Any other character.
    Symbol(char),
    /// A line for psql, which begins with a backslash; its first word.
    Meta(String),
}

/// The rest of a text that is read.
pub struct Lexer<'t> {
    rest: &'t str,
    line: u64,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { rest: text.strip_prefix('\u{FEFF}').unwrap_or(text), line: 1 }
    }

    /// Takes the next `len` bytes, which end with a character.
    fn take(&mut self, len: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, is_in: impl Fn(char) -> bool) -> &'t str {
        let len = self.rest.find(|c| !is_in(c)).unwrap_or(self.rest.len());
        self.take(len)
    }

    /// Passes over space and comments; an error when a comment does not end.
    fn skip(&mut self) -> Result<(), &'static str> {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("--") {
                self.take_while(|c| c != '\n');
            } else if self.rest.starts_with("/*") {
                self.comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Comments lie in comments.
    fn comment(&mut self) -> Result<(), &'static str> {
        let mut depth = 0_usize;
        loop {
            if self.rest.starts_with("/*") {
                depth = depth.saturating_add(1);
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth = depth.saturating_sub(1);
                self.take(2);
                if depth == 0 {
                    return Ok(());
                }
            } else {
                match self.rest.chars().next() {
                    None => return Err("a comment does not end"),
                    Some(c) => self.take(c.len_utf8()),
                };
            }
        }
    }

    /// Text up to the quote that ends it; two of them are one. Where `escapes`, a backslash makes
    /// the next character mean something else.
    fn quoted(&mut self, quote: char, escapes: bool) -> Result<String, &'static str> {
        let mut text = String::new();
        self.take(quote.len_utf8());
        loop {
            text.push_str(self.take_while(|c| c != quote && !(escapes && c == '\\')));
            let mut chars = self.rest.chars();
            match (chars.next(), chars.next()) {
                (None, _) => return Err("text in quotes does not end"),
                (Some('\\'), Some(c)) if escapes => {
                    text.push(match c {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '\\' | '\'' | '"' => c,
                        _ => return Err("this escape in text is not understood"),
                    });
                    self.take(1 + c.len_utf8());
                }
                (Some('\\'), _) => return Err("text in quotes does not end"),
                (_, Some(next)) if next == quote => {
                    text.push(quote);
                    self.take(2);
                }
                _ => {
                    self.take(quote.len_utf8());
                    return Ok(text);
                }
            }
        }
    }

    fn token(&mut self, first: char) -> Result<Token, &'static str> {
        let second = self.rest.chars().nth(1);
        Ok(match (first, second) {
            ('\'', _) => Token::Text(self.quoted('\'', false)?),
            ('"', _) => Token::Word(self.quoted('"', false)?),
            ('e' | 'E', Some('\'')) => {
                self.take(1);
                Token::Text(self.quoted('\'', true)?)
            }
            ('\\', _) => {
                let line = self.take_while(|c| c != '\n');
                Token::Meta(line.split_whitespace().next().unwrap_or("\\").to_owned())
            }
            (':', Some(':')) => {
                self.take(2);
                Token::Cast
            }
            ('$', _) => return Err("text in dollars is not understood"),
            ('0'..='9' | '.', _) if first != '.' || second.is_some_and(|c| c.is_ascii_digit()) => {
                let is_in = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
                Token::Number(self.take_while(is_in).to_owned())
            }
            _ if first.is_alphabetic() || first == '_' => {
                let is_in = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
                Token::Word(self.take_while(is_in).to_lowercase())
            }
            _ => {
                self.take(first.len_utf8());
                Token::Symbol(first)
            }
        })
    }
}

/// Words, each with its line from 1. After an error there are no more.
impl Iterator for Lexer<'_> {
    type Item = (u64, Result<Token, &'static str>);

    fn next(&mut self) -> Option<Self::Item> {
        let skipped = self.skip();
        let line = self.line;
        let token = match (skipped, self.rest.chars().next()) {
            (Err(error), _) => Err(error),
            (Ok(()), None) => return None,
            (Ok(()), Some(first)) => self.token(first),
        };
        if token.is_err() {
            self.rest = "";
        }
        Some((line, token))
    }
}
