//! INSERT statements. They are read word by word and not by a grammar of all SQL: whatever is no
//! plain row is refused with its line, and nothing is nested deeply enough to overflow the stack.

use std::iter::Peekable;

use diskprint_store::{Kind, Table};

use super::lexer::{Lexer, Token};
use super::{Row, Rows, tables};

/// Reads the rows of INSERT statements; `now` is what `now()` is.
pub fn read(text: &str, name: &str, now: &str) -> Rows {
    let mut reader = Reader {
        tokens: Lexer::new(text).peekable(),
        line: 1,
        is_end: false,
        name,
        now,
        rows: Rows::default(),
    };
    while reader.tokens.peek().is_some() {
        if let Err(what) = reader.statement() {
            reader.refuse(what);
            reader.skip_statement();
        }
    }
    reader.rows
}

struct Reader<'t> {
    tokens: Peekable<Lexer<'t>>,
    /// Line of the word that was read last.
    line: u64,
    /// Whether that word ended a statement.
    is_end: bool,
    name: &'t str,
    now: &'t str,
    rows: Rows,
}

/// What a row holds in a column.
enum Value {
    Null,
    Text(String),
    Now,
    /// As if the column were not named.
    Default,
}

type Wrong<T> = Result<T, String>;

impl Reader<'_> {
    fn next(&mut self) -> Wrong<Option<Token>> {
        let Some((line, token)) = self.tokens.next() else { return Ok(None) };
        self.line = line;
        self.is_end = token == Ok(Token::Symbol(';'));
        Ok(Some(token?))
    }

    fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek().and_then(|(_, token)| token.as_ref().ok())
    }

    /// Takes the next word when it is this one.
    fn take(&mut self, token: &Token) -> Wrong<bool> {
        let is_it = self.peek() == Some(token);
        if is_it {
            self.next()?;
        }
        Ok(is_it)
    }

    fn take_symbol(&mut self, symbol: char) -> Wrong<bool> {
        self.take(&Token::Symbol(symbol))
    }

    fn take_word(&mut self, word: &str) -> Wrong<bool> {
        self.take(&Token::Word(word.to_owned()))
    }

    fn expect(&mut self, is_there: bool, what: &str) -> Wrong<()> {
        if is_there {
            return Ok(());
        }
        let found = self.next()?;
        Err(format!("{what} was expected, not {}", shown(found.as_ref())))
    }

    fn refuse(&mut self, what: String) {
        let place = format!("{}:{}", self.name, self.line);
        self.rows.refuse(&place, what);
    }

    fn skip_statement(&mut self) {
        while !self.is_end {
            match self.next() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(what) => self.refuse(what),
            }
        }
    }

    fn statement(&mut self) -> Wrong<()> {
        match self.next()? {
            Some(Token::Symbol(';')) | None => Ok(()),
            Some(Token::Meta(word)) if matches!(&*word, "\\restrict" | "\\unrestrict") => {
                self.ignore(word);
                Ok(())
            }
            Some(Token::Word(word)) => match &*word {
                "insert" => self.insert(),
                "set" if self.sets_backslashes() => {
                    Err("backslashes in text would mean something else; write it as E'…'".into())
                }
                "set" | "begin" | "start" | "commit" | "end" => {
                    self.ignore(word.to_uppercase());
                    self.skip_statement();
                    Ok(())
                }
                "select" => self.select(),
                _ => Err(format!("{} is not understood, INSERT alone is", word.to_uppercase())),
            },
            other => Err(format!("a statement cannot begin with {}", shown(other.as_ref()))),
        }
    }

    fn ignore(&mut self, what: String) {
        self.rows.ignored.entry(what).or_default().push(self.line);
    }

    fn sets_backslashes(&mut self) -> bool {
        self.peek() == Some(&Token::Word("standard_conforming_strings".into())) && !self.sets_on()
    }

    /// Whether the setting that comes next is `on`.
    fn sets_on(&mut self) -> bool {
        let is_on = |token: &Token| match token {
            Token::Word(word) | Token::Text(word) => word == "on",
            _ => false,
        };
        let words: Vec<_> = (0..2).filter_map(|_| self.next().ok().flatten()).collect();
        words.len() == 2 && self.peek().is_some_and(is_on)
    }

    /// pg_dump sets things by functions.
    fn select(&mut self) -> Wrong<()> {
        if self.take_word("pg_catalog")? {
            self.take_symbol('.')?;
        }
        match self.next()? {
            Some(Token::Word(word)) if matches!(&*word, "set_config" | "setval") => {
                self.ignore(format!("SELECT {word}"));
                self.skip_statement();
                Ok(())
            }
            _ => Err("SELECT is not understood, INSERT alone is".into()),
        }
    }

    fn insert(&mut self) -> Wrong<()> {
        let is_into = self.take_word("into")?;
        self.expect(is_into, "INTO")?;
        let table = self.table()?;
        let columns = self.columns(table)?;
        let is_values = self.take_word("values")?;
        self.expect(is_values, "VALUES")?;
        loop {
            self.row(table, columns.as_deref())?;
            if self.take_symbol(',')? {
                continue;
            }
            if self.tokens.peek().is_none() || self.take_symbol(';')? {
                return Ok(());
            }
            let next = self.next()?;
            return Err(format!("{} after the values is not understood", shown(next.as_ref())));
        }
    }

    fn word(&mut self, what: &str) -> Wrong<String> {
        match self.next()? {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("{what} was expected, not {}", shown(other.as_ref()))),
        }
    }

    fn table(&mut self) -> Wrong<Table> {
        let mut name = self.word("a table")?;
        if self.take_symbol('.')? {
            if name != "diskprint" {
                return Err(format!("schema {name:?} is not diskprint"));
            }
            name = self.word("a table")?;
        }
        let table = Table::named(&name);
        table.ok_or_else(|| format!("table {name:?} is none of {}", tables()))
    }

    /// The columns that are named, `None` where none are.
    fn columns(&mut self, table: Table) -> Wrong<Option<Vec<usize>>> {
        if !self.take_symbol('(')? {
            return Ok(None);
        }
        let mut columns = Vec::new();
        loop {
            let name = self.word("a column")?;
            let column = table.column(&name);
            let column = column
                .ok_or_else(|| format!("column {name:?} is not in table {}", table.name()))?;
            if columns.contains(&column) {
                return Err(format!("column {name:?} is there twice"));
            }
            columns.push(column);
            if self.take_symbol(')')? {
                return Ok(Some(columns));
            }
            let is_more = self.take_symbol(',')?;
            self.expect(is_more, ", or )")?;
        }
    }

    fn row(&mut self, table: Table, columns: Option<&[usize]>) -> Wrong<()> {
        let is_open = self.take_symbol('(')?;
        self.expect(is_open, "(")?;
        let (line, mut found) = (self.line, Vec::new());
        loop {
            found.push(self.value()?);
            if self.take_symbol(')')? {
                break;
            }
            if !self.take_symbol(',')? {
                let next = self.next()?;
                return Err(format!("{} makes this no literal", shown(next.as_ref())));
            }
        }
        let wanted = columns.map_or(table.columns().len(), <[usize]>::len);
        if found.len() > wanted || columns.is_some() && found.len() < wanted {
            return Err(format!("has {} values for {wanted} columns", found.len()));
        }
        let all: Vec<usize> = (0..wanted).collect();
        let columns = columns.unwrap_or(&all);
        let values = columns.iter().zip(found).filter_map(|(index, value)| {
            let kind = table.columns().get(*index)?.kind;
            Some((*index, self.text(value, kind)?))
        });
        let place = format!("{}:{line}", self.name);
        let row = Row { table, values: values.collect(), location: None, place };
        self.rows.rows.push(row);
        Ok(())
    }

    /// What a value is as text; `None` where the column is not named.
    fn text(&self, value: Value, kind: Kind) -> Option<Option<String>> {
        match value {
            Value::Null => Some(None),
            Value::Text(text) => Some(Some(text)),
            Value::Now if kind == Kind::Date => Some(self.now.get(..10).map(str::to_owned)),
            Value::Now => Some(Some(self.now.to_owned())),
            Value::Default => None,
        }
    }

    fn value(&mut self) -> Wrong<Value> {
        let is_cast = self.take_word("cast")?;
        if is_cast {
            let is_open = self.take_symbol('(')?;
            self.expect(is_open, "(")?;
        }
        let value = self.literal()?;
        if is_cast {
            let is_as = self.take_word("as")?;
            self.expect(is_as, "AS")?;
            self.type_name()?;
            let is_closed = self.take_symbol(')')?;
            self.expect(is_closed, ")")?;
        }
        while self.take(&Token::Cast)? {
            self.type_name()?;
        }
        Ok(value)
    }

    fn literal(&mut self) -> Wrong<Value> {
        let sign = match (self.take_symbol('-')?, self.take_symbol('+')?) {
            (true, false) => "-",
            _ => "",
        };
        let token = self.next()?;
        match token {
            Some(Token::Number(digits)) => return Ok(Value::Text(format!("{sign}{digits}"))),
            Some(Token::Text(text)) if sign.is_empty() => return Ok(Value::Text(text)),
            Some(Token::Word(word)) if sign.is_empty() => match &*word {
                "null" => return Ok(Value::Null),
                "default" => return Ok(Value::Default),
                "current_timestamp" | "localtimestamp" | "current_date" => return Ok(Value::Now),
                "now" if self.take_symbol('(')? => {
                    let is_closed = self.take_symbol(')')?;
                    self.expect(is_closed, ")")?;
                    return Ok(Value::Now);
                }
                // TIMESTAMP '2013-05-07 09:00:45'
                "date" | "timestamp" | "text" | "varchar" | "int" | "integer" => {
                    if let Some(Token::Text(text)) = self.peek().cloned() {
                        self.next()?;
                        return Ok(Value::Text(text));
                    }
                    return Err(format!("{} is no literal", word.to_uppercase()));
                }
                _ => return Err(format!("{word} is no literal")),
            },
            _ => {}
        }
        Err(format!("{} is no literal", shown(token.as_ref())))
    }

    /// Passes over the name of a type, `character varying(127)`.
    fn type_name(&mut self) -> Wrong<()> {
        self.word("a type")?;
        loop {
            match self.peek() {
                Some(Token::Word(word)) if word != "as" => {
                    self.next()?;
                }
                Some(Token::Symbol('(')) => {
                    self.next()?;
                    let len = self.next()?;
                    let is_closed =
                        matches!(len, Some(Token::Number(_))) && self.take_symbol(')')?;
                    self.expect(is_closed, "the length of a type")?;
                }
                _ => return Ok(()),
            }
        }
    }
}

/// A word, or its beginning, for people.
fn shown(token: Option<&Token>) -> String {
    const ENOUGH: usize = 40;
    let cut = |text: &str| text.chars().take(ENOUGH).collect::<String>();
    match token {
        None => "the end".into(),
        Some(Token::Word(word)) => cut(word),
        Some(Token::Text(text)) => format!("'{}'", cut(text)),
        Some(Token::Number(digits)) => cut(digits),
        Some(Token::Cast) => "::".into(),
        Some(Token::Symbol(symbol)) => symbol.to_string(),
        Some(Token::Meta(word)) => cut(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/* a */ SET x = 1; -- b\n\\restrict c\nBEGIN; SELECT setval('x', 1);
        INSERT INTO diskprint.os (osetid, ossystemname, vmid) VALUES
        ('1-1', E'\\'\\\\ä', -3::int), ('1''2', CAST(NULL AS character varying(15)), DEFAULT),
        (\"now\"(), DATE '2013-05-07', +.5) ;;";

    #[test]
    fn a_text_cut_or_changed_anywhere_is_read_to_an_end() {
        let whole = read(TEXT, "a.sql", "now");
        assert_eq!((whole.rows.len(), whole.problems.len(), whole.ignored.len()), (3, 0, 4));
        let chars: Vec<char> = TEXT.chars().collect();
        for at in 0..chars.len() {
            let cut: String = chars[..at].iter().collect();
            let rows = read(&cut, "a.sql", "now");
            // A row is there as it was, or not at all.
            for (row, full) in rows.rows.iter().zip(&whole.rows) {
                assert_eq!((&row.values, &row.place), (&full.values, &full.place), "{cut}");
            }
            for other in ['\'', '"', '\\', '(', ')', ';', '$', ':', '\0', 'ß', '/', '*', '-'] {
                let mut changed = chars.clone();
                changed[at] = other;
                let changed: String = changed.into_iter().collect();
                let rows = read(&changed, "a.sql", "now");
                assert!(rows.rows.len() <= 3, "{changed}");
            }
        }
    }

    #[test]
    fn values_are_what_they_are() {
        let rows = read(TEXT, "a.sql", "now").rows;
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(rows[0].values, [(0, text("1-1")), (1, text("'\\ä")), (2, text("-3"))]);
        assert_eq!(rows[1].values, [(0, text("1'2")), (1, None)]);
        assert_eq!(rows[2].values, [(0, text("now")), (1, text("2013-05-07")), (2, text(".5"))]);
        assert_eq!(rows[2].place, "a.sql:6");
    }
}
