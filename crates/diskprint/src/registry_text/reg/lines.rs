use std::io::{self, Write};

/// Writes lines as UTF-16, each ended by CR and LF.
pub(super) struct Lines<W> {
    out: W,
    /// How many units the line has.
    column: usize,
    /// Whether lines are comments.
    pub(super) is_comment: bool,
}

/// A line of hexadecimal data is broken behind this many units, so that none is longer than 80.
const BREAK_BEHIND: usize = 76;

impl<W: Write> Lines<W> {
    /// Begins a file with its byte order mark.
    pub(super) fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(&0xFEFFu16.to_le_bytes())?;
        Ok(Self { out, column: 0, is_comment: false })
    }

    /// Writes text that has no line break.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        if self.column == 0 && self.is_comment {
            self.units("; ")?;
        }
        self.units(text)
    }

    fn units(&mut self, text: &str) -> io::Result<()> {
        for unit in text.encode_utf16() {
            self.out.write_all(&unit.to_le_bytes())?;
            self.column += 1;
        }
        Ok(())
    }

    /// Writes text and ends the line.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.text(text)?;
        self.units("\r\n")?;
        self.column = 0;
        Ok(())
    }

    /// Writes a line that is a comment.
    pub(super) fn comment(&mut self, text: &str) -> io::Result<()> {
        self.units("; ")?;
        self.units(text)?;
        self.line("")
    }

    /// Writes a byte and a comma, and then breaks the line where the next could be too long. Lines
    /// of comments cannot be broken.
    pub(super) fn byte_and_comma(&mut self, [high, low]: [u8; 2]) -> io::Result<()> {
        self.out.write_all(&[high, 0, low, 0, b',', 0])?;
        self.column += 3;
        if self.column > BREAK_BEHIND && !self.is_comment {
            self.line("\\")?;
            self.units("  ")?;
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
