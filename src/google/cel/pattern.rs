//! The patterns of `matches`: RE2's language
//! (<https://github.com/google/re2/wiki/Syntax>) without flags, counts, word boundaries and named classes.
//!
//! All RE2 implementations agree on whether a text contains such a pattern, so the result is exact.

/// A pattern, as the steps of a state machine.
pub(super) struct Pattern {
    steps: Vec<Step>,
}

enum Step {
    Letter(Class),
    Begin,
    End,
    /// Continues at both steps.
    Fork(usize, usize),
    Jump(usize),
    Found,
}

/// Ranges of characters, or all characters outside of them.
struct Class {
    others: bool,
    ranges: Vec<(char, char)>,
}

/// The greatest depth of groups.
const DEEPEST: usize = 50;

const DIGIT: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const SPACE: &[(char, char)] = &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')];

const UNREAD: &str = "this program does not evaluate this pattern";

impl Pattern {
    /// Parses a pattern.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut reader = Reader { letters: text.chars().collect(), at: 0, steps: Vec::new() };
        reader.either(0)?;
        if reader.at < reader.letters.len() {
            return Err(UNREAD);
        }
        reader.steps.push(Step::Found);
        Ok(Self { steps: reader.steps })
    }

    /// Whether the text contains the pattern. The time is limited by the product of both lengths.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        let mut now = Vec::new();
        for at in 0..=letters.len() {
            // A match may start anywhere.
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

    /// Parses alternatives, separated by `|`.
    fn either(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > DEEPEST {
            return Err(UNREAD);
        }
        let start = self.steps.len();
        self.sequence(depth)?;
        let mut ends = Vec::new();
        let mut fork = start;
        while self.takes('|') {
            // Inserting the fork moves the previous alternative by one step.
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
            // Whether the match is lazy does not matter here.
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

    /// Parses one element that can be repeated, or an anchor (false).
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
                // In RE2 named classes start with these characters, and in other languages set operations do.
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

    /// Whether a hyphen follows that is not the last character of the class.
    fn is_range(&self) -> bool {
        self.peek() == Some('-') && self.letters.get(self.at + 1).is_some_and(|next| *next != ']')
    }

    /// Inserts a step at `start`. Later steps keep their order.
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
