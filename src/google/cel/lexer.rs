//! Splits an expression into tokens.

use super::Error;

/// A token, and its position.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) word: Word,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Name(String),
    Int(u64),
    Double(f64),
    Text(String),
    Mark(&'static str),
    End,
}

/// Longer marks come first.
const MARKS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "!", "<", ">", "+", "-", "*",
    "/", "%",
];

/// All tokens; [`Word::End`] is the last one.
pub(super) fn words(text: &str) -> Result<Vec<Token>, Error> {
    let mut lexer = Lexer { text, at: 0 };
    let mut words = Vec::new();
    loop {
        lexer.blanks();
        let from = lexer.at;
        let word = lexer.word()?;
        let end = word == Word::End;
        words.push(Token { from, to: lexer.at, word });
        if end {
            return Ok(words);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn takes(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    fn take_while(&mut self, kind: fn(u8) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| kind(*byte)).count();
        self.at += length;
        &rest[..length]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Skips white space and comments.
    fn blanks(&mut self) {
        loop {
            self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn word(&mut self) -> Result<Word, Error> {
        let from = self.at;
        let Some(first) = self.rest().bytes().next() else { return Ok(Word::End) };
        let second = self.rest().as_bytes().get(1).copied();
        if first.is_ascii_digit() || (first == b'.' && second.is_some_and(|byte| byte.is_ascii_digit())) {
            return self.number();
        }
        if first == b'_' || first.is_ascii_alphabetic() {
            let name = self.take_while(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
            if !self.rest().starts_with(['"', '\'']) {
                return Ok(Word::Name(name.to_owned()));
            }
            return match name {
                "r" | "R" => self.text(from, true).map(Word::Text),
                "b" | "B" | "br" | "Br" | "bR" | "BR" | "rb" | "rB" | "Rb" | "RB" => {
                    Err(Error::unsupported(from, "this program does not evaluate bytes"))
                }
                _ => Err(Error::unsupported(from, "no text begins so")),
            };
        }
        if matches!(first, b'"' | b'\'') {
            return self.text(from, false).map(Word::Text);
        }
        let mark = MARKS.iter().find(|mark| self.takes(mark));
        mark.map(|mark| Word::Mark(mark)).ok_or_else(|| Error::unsupported(from, "this is not CEL"))
    }

    fn number(&mut self) -> Result<Word, Error> {
        let from = self.at;
        let odd = || Error::unsupported(from, "no number is written so");
        let word = if self.takes("0x") || self.takes("0X") {
            let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
            u64::from_str_radix(digits, 16).map(Word::Int).map_err(|_| odd())
        } else {
            self.take_while(|byte| byte.is_ascii_digit());
            let whole = self.at;
            let fraction = self.rest().as_bytes();
            if fraction.first() == Some(&b'.') && fraction.get(1).is_some_and(u8::is_ascii_digit) {
                self.at += 1;
                self.take_while(|byte| byte.is_ascii_digit());
            }
            let before = self.at;
            if self.takes("e") || self.takes("E") {
                let _ = self.takes("+") || self.takes("-");
                if self.take_while(|byte| byte.is_ascii_digit()).is_empty() {
                    self.at = before;
                }
            }
            let digits = self.text.get(from..self.at).unwrap_or_default();
            if self.at == whole {
                digits.parse().map(Word::Int).map_err(|_| odd())
            } else {
                digits.parse().map(Word::Double).map_err(|_| odd())
            }
        }?;
        match self.rest().bytes().next() {
            Some(b'u' | b'U') => Err(Error::unsupported(from, "this program does not evaluate unsigned numbers")),
            Some(byte) if byte == b'_' || byte.is_ascii_alphanumeric() => Err(odd()),
            _ => Ok(word),
        }
    }

    /// Reads a string, which starts at its quotation mark.
    fn text(&mut self, from: usize, raw: bool) -> Result<String, Error> {
        let open = || Error::unsupported(from, "this text has no end");
        let long = ["\"\"\"", "'''"].into_iter().find(|mark| self.takes(mark));
        let end = long.or_else(|| ["\"", "'"].into_iter().find(|mark| self.takes(mark))).ok_or_else(open)?;
        let mut text = String::new();
        loop {
            if self.takes(end) {
                return Ok(text);
            }
            let at = self.at;
            match self.next().ok_or_else(open)? {
                '\n' | '\r' if long.is_none() => return Err(open()),
                '\\' if !raw => text.push(self.escape(at)?),
                letter => text.push(letter),
            }
        }
    }

    /// Reads the character after a backslash.
    fn escape(&mut self, at: usize) -> Result<char, Error> {
        let odd = || Error::unsupported(at, "CEL has no such escape");
        let (digits, radix) = match self.next().ok_or_else(odd)? {
            letter @ ('\\' | '"' | '\'' | '`' | '?') => return Ok(letter),
            'a' => return Ok('\x07'),
            'b' => return Ok('\x08'),
            'f' => return Ok('\x0c'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\x0b'),
            'x' | 'X' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='3' => {
                self.at -= 1;
                (3, 8)
            }
            _ => return Err(odd()),
        };
        let number = self.rest().get(..digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = number.and_then(|digits| u32::from_str_radix(digits, radix).ok()).ok_or_else(odd)?;
        self.at += digits;
        char::from_u32(number).ok_or_else(odd)
    }
}
