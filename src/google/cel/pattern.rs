//! The patterns of `matches`, as far as they are read here: RE2's language
//! (<https://github.com/google/re2/wiki/Syntax>) without flags, counts, word boundaries and named classes.
//!
//! Whether a text has such a pattern in it is the same for every reader, so that what is read is exact.

/// A pattern, as the steps of a machine.
pub(super) struct Pattern {
    steps: Vec<Step>,
}

enum Step {
    Letter(Class),
    Begin,
    End,
    /// Goes on at both.
    Fork(usize, usize),
    Jump(usize),
    Found,
}

/// Letters, from and to; or all others.
struct Class {
    others: bool,
    ranges: Vec<(char, char)>,
}

/// Deeper groups are not read.
const DEEPEST: usize = 50;

const DIGIT: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const SPACE: &[(char, char)] = &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')];

const UNREAD: &str = "this program does not evaluate this pattern";

impl Pattern {
    /// Reads a pattern.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut reader = Reader { letters: text.chars().collect(), at: 0, steps: Vec::new() };
        reader.either(0)?;
        if reader.at < reader.letters.len() {
            return Err(UNREAD);
        }
        reader.steps.push(Step::Found);
        Ok(Self { steps: reader.steps })
    }

    /// Whether the text has it anywhere in it: in as many steps as both are long, multiplied.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        let mut now = Vec::new();
        for at in 0..=letters.len() {
            // It may begin anywhere.
            now.push(0);
            let mut seen = vec![false; self.steps.len()];
            let mut next = Vec::new();
            while let Some(step) = now.pop() {
                if std::mem::replace(&mut seen[step], true) {
                    continue;
                }
                match &self.steps[step] {
                    Step::Found => return true,
                    Step::Jump(to) => now.push(*to),
                    Step::Fork(one, other) => now.extend([*one, *other]),
                    Step::Begin if at == 0 => now.push(step + 1),
                    Step::End if at == letters.len() => now.push(step + 1),
                    Step::Begin | Step::End => {}
                    Step::Letter(class) => {
                        if letters.get(at).is_some_and(|letter| class.has(*letter)) {
                            next.push(step + 1);
                        }
                    }
                }
            }
            now = next;
        }
        false
    }
}

impl Class {
    fn has(&self, letter: char) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter)) != self.others
    }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    steps: Vec<Step>,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn takes(&mut self, letter: char) -> bool {
        let found = self.peek() == Some(letter);
        self.at += usize::from(found);
        found
    }

    /// What stands between bars.
    fn either(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > DEEPEST {
            return Err(UNREAD);
        }
        let start = self.steps.len();
        self.sequence(depth)?;
        let mut ends = Vec::new();
        let mut fork = start;
        while self.takes('|') {
            // The one before is moved by one, for the fork in front of it.
            self.insert_fork(fork);
            ends.push(self.steps.len());
            self.steps.push(Step::Jump(0));
            let here = self.steps.len();
            self.steps[fork] = Step::Fork(fork + 1, here);
            fork = here;
            self.sequence(depth)?;
        }
        let after = self.steps.len();
        for end in ends {
            self.steps[end] = Step::Jump(after);
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<(), &'static str> {
        while let Some(letter) = self.peek() {
            if matches!(letter, '|' | ')') {
                return Ok(());
            }
            let start = self.steps.len();
            let repeats = self.atom(depth)?;
            let Some(mark @ ('*' | '+' | '?')) = self.peek() else {
                if self.peek() == Some('{') {
                    return Err(UNREAD);
                }
                continue;
            };
            if !repeats {
                return Err(UNREAD);
            }
            self.at += 1;
            // As little as possible is as good here.
            self.takes('?');
            if matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
                return Err(UNREAD);
            }
            if mark == '+' {
                let end = self.steps.len();
                self.steps.push(Step::Fork(start, end + 1));
                continue;
            }
            self.insert_fork(start);
            if mark == '*' {
                self.steps.push(Step::Jump(start));
            }
            self.steps[start] = Step::Fork(start + 1, self.steps.len());
        }
        Ok(())
    }

    /// One thing that can be repeated, or (false) a place.
    fn atom(&mut self, depth: usize) -> Result<bool, &'static str> {
        let letter = self.peek().ok_or(UNREAD)?;
        self.at += 1;
        let class = match letter {
            '^' => {
                self.steps.push(Step::Begin);
                return Ok(false);
            }
            '$' => {
                self.steps.push(Step::End);
                return Ok(false);
            }
            '(' => {
                if self.takes('?') && !self.takes(':') {
                    return Err(UNREAD);
                }
                self.either(depth + 1)?;
                return if self.takes(')') { Ok(true) } else { Err(UNREAD) };
            }
            '*' | '+' | '?' | '{' => return Err(UNREAD),
            '.' => Class { others: true, ranges: vec![('\n', '\n')] },
            '[' => self.class()?,
            '\\' => self.escape()?,
            letter => one(letter),
        };
        self.steps.push(Step::Letter(class));
        Ok(true)
    }

    fn escape(&mut self) -> Result<Class, &'static str> {
        let letter = self.peek().ok_or(UNREAD)?;
        self.at += 1;
        let (set, others) = match letter {
            'd' | 'D' => (DIGIT, letter == 'D'),
            'w' | 'W' => (WORD, letter == 'W'),
            's' | 'S' => (SPACE, letter == 'S'),
            'n' => return Ok(one('\n')),
            't' => return Ok(one('\t')),
            mark if mark.is_ascii_punctuation() => return Ok(one(mark)),
            _ => return Err(UNREAD),
        };
        Ok(Class { others, ranges: set.to_vec() })
    }

    fn class(&mut self) -> Result<Class, &'static str> {
        let others = self.takes('^');
        let mut ranges = Vec::new();
        loop {
            let letter = self.peek().ok_or(UNREAD)?;
            self.at += 1;
            let from = match letter {
                ']' if !ranges.is_empty() => return Ok(Class { others, ranges }),
                // Named classes begin so, and sets in other languages.
                '[' | '&' | '~' => return Err(UNREAD),
                '-' if !ranges.is_empty() && self.peek() != Some(']') => return Err(UNREAD),
                '\\' => {
                    let class = self.escape()?;
                    match class.ranges[..] {
                        [(from, to)] if from == to && !class.others => from,
                        _ if class.others || self.is_range() => return Err(UNREAD),
                        _ => {
                            ranges.extend(class.ranges);
                            continue;
                        }
                    }
                }
                letter => letter,
            };
            if !self.is_range() {
                ranges.push((from, from));
                continue;
            }
            self.at += 1;
            let to =
                self.peek().filter(|to| !matches!(to, '[' | '\\' | '-') && *to >= from && from != '-').ok_or(UNREAD)?;
            self.at += 1;
            ranges.push((from, to));
        }
    }

    /// Whether a hyphen comes that is not the class's last letter.
    fn is_range(&self) -> bool {
        self.peek() == Some('-') && self.letters.get(self.at + 1).is_some_and(|next| *next != ']')
    }

    /// Makes room at `start`; what comes after it goes on as before.
    fn insert_fork(&mut self, start: usize) {
        for step in &mut self.steps[start..] {
            match step {
                Step::Jump(to) => *to += 1,
                Step::Fork(one, other) => {
                    *one += 1;
                    *other += 1;
                }
                Step::Letter(_) | Step::Begin | Step::End | Step::Found => {}
            }
        }
        self.steps.insert(start, Step::Jump(start + 1));
    }
}

fn one(letter: char) -> Class {
    Class { others: false, ranges: vec![(letter, letter)] }
}
