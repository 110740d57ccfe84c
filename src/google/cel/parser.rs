//! Parses tokens into a tree, with the grammar in the language's definition.

#![allow(clippy::wildcard_enum_match_arm, reason = "a grammar asks for some words, and refuses all others")]

use super::Error;
use super::ast::{Node, Operation, Operator};
use super::lexer::{self, Token, Word};

/// The greatest depth, because a tree is processed recursively. Google's own parsers stop at 250.
const DEEPEST: usize = 100;

/// Reserved words, which cannot be names.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

const RELATIONS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<", Operator::Less),
    ("<=", Operator::AtMost),
    (">", Operator::More),
    (">=", Operator::AtLeast),
];
const SUMS: [(&str, Operator); 2] = [("+", Operator::Plus), ("-", Operator::Minus)];
const PRODUCTS: [(&str, Operator); 3] = [("*", Operator::Times), ("/", Operator::Over), ("%", Operator::Modulo)];
const LEVELS: [&[(&str, Operator)]; 3] = [&RELATIONS, &SUMS, &PRODUCTS];

pub(super) fn parse(text: &str) -> Result<Node, Error> {
    let mut parser = Parser { words: lexer::words(text)?, at: 0, depth: 0 };
    let root = parser.expression()?;
    match parser.word() {
        Word::End => Ok(root),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    words: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn word(&self) -> &Word {
        self.words.get(self.at).map_or(&Word::End, |token| &token.word)
    }

    fn from(&self) -> usize {
        self.words.get(self.at).map_or(0, |token| token.from)
    }

    /// The end of the previous token.
    fn to(&self) -> usize {
        self.at.checked_sub(1).and_then(|before| self.words.get(before)).map_or(0, |token| token.to)
    }

    fn takes(&mut self, mark: &str) -> bool {
        let found = matches!(self.word(), Word::Mark(next) if *next == mark);
        self.at += usize::from(found);
        found
    }

    fn needs(&mut self, mark: &str) -> Result<(), Error> {
        if self.takes(mark) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Error {
        Error::unsupported(self.from(), "this is not CEL")
    }

    /// Increases the depth, unless it is too great.
    fn deeper(&mut self, read: fn(&mut Self) -> Result<Node, Error>) -> Result<Node, Error> {
        if self.depth >= DEEPEST {
            return Err(too_deep(self.from()));
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    /// The part from `from` to here.
    fn node(&self, from: usize, operation: Operation) -> Result<Node, Error> {
        let mut node = Node { from, to: self.to(), operation, height: 1 };
        node.height += node.parts().map(|part| part.height).max().unwrap_or(0);
        if node.height > DEEPEST { Err(too_deep(from)) } else { Ok(node) }
    }

    fn expression(&mut self) -> Result<Node, Error> {
        self.deeper(Self::choice)
    }

    fn choice(&mut self) -> Result<Node, Error> {
        let from = self.from();
        let condition = self.any()?;
        if !self.takes("?") {
            return Ok(condition);
        }
        let chosen = self.deeper(Self::any)?;
        self.needs(":")?;
        let otherwise = self.expression()?;
        self.node(from, Operation::Choice(Box::new([condition, chosen, otherwise])))
    }

    fn any(&mut self) -> Result<Node, Error> {
        let from = self.from();
        let mut parts = vec![self.all()?];
        while self.takes("||") {
            parts.push(self.all()?);
        }
        self.one_or(from, parts, Operation::Any)
    }

    fn all(&mut self) -> Result<Node, Error> {
        let from = self.from();
        let mut parts = vec![self.binary(0)?];
        while self.takes("&&") {
            parts.push(self.binary(0)?);
        }
        self.one_or(from, parts, Operation::All)
    }

    fn one_or(&self, from: usize, mut parts: Vec<Node>, operation: fn(Vec<Node>) -> Operation) -> Result<Node, Error> {
        match (parts.len(), parts.pop()) {
            (1, Some(one)) => Ok(one),
            (_, last) => {
                parts.extend(last);
                self.node(from, operation(parts))
            }
        }
    }

    /// Relations, sums and products: operators of the same level are left-associative.
    fn binary(&mut self, level: usize) -> Result<Node, Error> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let from = self.from();
        let mut left = self.binary(level + 1)?;
        loop {
            let operator = match self.word() {
                Word::Mark(next) => operators.iter().find(|(mark, _)| mark == next).map(|(_, operator)| *operator),
                Word::Name(name) if level == 0 && name == "in" => Some(Operator::In),
                _ => None,
            };
            let Some(operator) = operator else { return Ok(left) };
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = self.node(from, Operation::Binary(operator, Box::new([left, right])))?;
        }
    }

    fn unary(&mut self) -> Result<Node, Error> {
        let from = self.from();
        for (mark, operation) in [("!", Operation::Not as fn(Box<Node>) -> Operation), ("-", Operation::Negative)] {
            let mut many = 0;
            while self.takes(mark) {
                many += 1;
            }
            if many == 0 {
                continue;
            }
            if many > DEEPEST {
                return Err(too_deep(from));
            }
            if mark == "-"
                && let Some(node) = self.negative_literal(from)?
            {
                return (1..many).try_fold(node, |node, _| self.node(from, operation(Box::new(node))));
            }
            let node = self.member()?;
            return (0..many).try_fold(node, |node, _| self.node(from, operation(Box::new(node))));
        }
        self.member()
    }

    /// The smallest `int` has no positive counterpart.
    fn negative_literal(&mut self, from: usize) -> Result<Option<Node>, Error> {
        let operation = match self.word() {
            Word::Int(number) => Operation::Int(0_i64.checked_sub_unsigned(*number).ok_or_else(|| too_large(from))?),
            Word::Double(number) => Operation::Double(-number),
            _ => return Ok(None),
        };
        self.at += 1;
        let literal = self.node(from, operation)?;
        self.after(from, literal).map(Some)
    }

    fn member(&mut self) -> Result<Node, Error> {
        let from = self.from();
        let first = self.primary()?;
        self.after(from, first)
    }

    /// Parses the members, indices and calls that follow.
    fn after(&mut self, from: usize, mut node: Node) -> Result<Node, Error> {
        loop {
            if self.takes("[") {
                let index = self.expression()?;
                self.needs("]")?;
                node = self.node(from, Operation::Index(Box::new([node, index])))?;
            } else if self.takes(".") {
                let at = self.from();
                let Word::Name(name) = self.word().clone() else { return Err(self.unexpected()) };
                self.at += 1;
                if matches!(name.as_str(), "true" | "false" | "null" | "in") {
                    return Err(Error::unsupported(at, "this is not CEL"));
                }
                let operation = if self.takes("(") {
                    let arguments = self.list(")")?;
                    call(Some(node), name, arguments, at)?
                } else {
                    Operation::Member(Box::new(node), name)
                };
                node = self.node(from, operation)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self) -> Result<Node, Error> {
        let from = self.from();
        let word = self.word().clone();
        self.at += 1;
        let operation = match word {
            Word::Int(number) => Operation::Int(i64::try_from(number).map_err(|_| too_large(from))?),
            Word::Double(number) => Operation::Double(number),
            Word::Text(text) => Operation::Text(text),
            Word::Mark("(") => {
                let within = self.expression()?;
                self.needs(")")?;
                return Ok(within);
            }
            Word::Mark("[") => Operation::List(self.list("]")?),
            Word::Mark("{") => return Err(Error::unsupported(from, "this program does not evaluate objects")),
            Word::Name(name) => match name.as_str() {
                "true" => Operation::Bool(true),
                "false" => Operation::Bool(false),
                "null" => Operation::Null,
                "in" => return Err(Error::unsupported(from, "this is not CEL")),
                word if RESERVED.contains(&word) => {
                    return Err(Error::unsupported(from, "CEL keeps this word for itself"));
                }
                _ if self.takes("(") => {
                    let arguments = self.list(")")?;
                    call(None, name, arguments, from)?
                }
                _ => Operation::Name(name),
            },
            Word::Mark(_) | Word::End => {
                self.at -= 1;
                return Err(self.unexpected());
            }
        };
        self.node(from, operation)
    }

    /// Parses a comma-separated list up to `end`. A list literal may have a comma before its end.
    fn list(&mut self, end: &str) -> Result<Vec<Node>, Error> {
        let mut items = Vec::new();
        while !self.takes(end) {
            items.push(self.expression()?);
            let comma = self.takes(",");
            if !comma || end == ")" && matches!(self.word(), Word::Mark(")")) {
                if comma {
                    return Err(self.unexpected());
                }
                self.needs(end)?;
                break;
            }
        }
        Ok(items)
    }
}

/// A call of a function or a macro. Macros do not evaluate their arguments.
fn call(target: Option<Node>, function: String, mut arguments: Vec<Node>, at: usize) -> Result<Operation, Error> {
    match (target, function.as_str(), arguments.len()) {
        (None, "has", 1) => match arguments.pop().map(|argument| argument.operation) {
            Some(Operation::Member(of, member)) => Ok(Operation::Has(of, member)),
            _ => Err(Error::unsupported(at, "`has` asks for a member")),
        },
        (Some(list), "all" | "exists", 2) => {
            let body = arguments.pop();
            match (arguments.pop().map(|argument| argument.operation), body) {
                (Some(Operation::Name(name)), Some(body)) => {
                    Ok(Operation::Each { all: function == "all", name, list_and_body: Box::new([list, body]) })
                }
                _ => Err(Error::unsupported(at, "its first argument is not a name")),
            }
        }
        (target, ..) => Ok(Operation::Call { target: target.map(Box::new), function, arguments }),
    }
}

fn too_deep(at: usize) -> Error {
    Error::unsupported(at, format!("it is nested more than {DEEPEST} deep"))
}

fn too_large(at: usize) -> Error {
    Error::unsupported(at, "no `int` is so large")
}
