//! The syntax tree of an expression.

/// A part of an expression, and its position.
#[derive(Clone, Debug)]
pub struct Node {
    /// The position of its first byte.
    pub from: usize,
    /// The position after its last byte.
    pub to: usize,
    /// Its operation.
    pub operation: Operation,
    /// The depth of the tree below it, itself included.
    pub(super) height: usize,
}

/// The operation of a part.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "they are what the language calls them")]
pub enum Operation {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Name(String),
    List(Vec<Node>),
    Member(Box<Node>, String),
    Index(Box<[Node; 2]>),
    Has(Box<Node>, String),
    Call {
        target: Option<Box<Node>>,
        function: String,
        arguments: Vec<Node>,
    },
    Not(Box<Node>),
    Negative(Box<Node>),
    /// A binary operator with its operands.
    Binary(Operator, Box<[Node; 2]>),
    /// Several operands of `&&`.
    All(Vec<Node>),
    /// Several operands of `||`.
    Any(Vec<Node>),
    /// `? :`
    Choice(Box<[Node; 3]>),
    /// `all` (or `exists`) of a list.
    Each {
        all: bool,
        name: String,
        list_and_body: Box<[Node; 2]>,
    },
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what the language calls them")]
pub enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    In,
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
}

impl Node {
    /// The parts directly below it.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        let (one, many): (Option<&Self>, &[Self]) = match &self.operation {
            Operation::Null
            | Operation::Bool(_)
            | Operation::Int(_)
            | Operation::Double(_)
            | Operation::Text(_)
            | Operation::Name(_) => (None, &[]),
            Operation::List(parts) | Operation::All(parts) | Operation::Any(parts) => (None, parts),
            Operation::Member(of, _) | Operation::Has(of, _) | Operation::Not(of) | Operation::Negative(of) => {
                (Some(of), &[])
            }
            Operation::Index(two) | Operation::Binary(_, two) | Operation::Each { list_and_body: two, .. } => {
                (None, &two[..])
            }
            Operation::Choice(three) => (None, &three[..]),
            Operation::Call { target, arguments, .. } => (target.as_deref(), arguments),
        };
        one.into_iter().chain(many)
    }

    /// Calls `visit` for every variable in this part, and for its member that is accessed by name (`assertion`, `ref`),
    /// with the position. Variables of `exists` and `all`, and type names, are left out.
    pub fn names<'n>(&'n self, visit: &mut dyn FnMut(&'n str, Option<&'n str>, usize)) {
        self.names_but(&mut Vec::new(), visit);
    }

    fn names_but<'n>(&'n self, bound: &mut Vec<&'n str>, visit: &mut dyn FnMut(&'n str, Option<&'n str>, usize)) {
        if let Operation::Each { name, list_and_body, .. } = &self.operation {
            list_and_body[0].names_but(bound, visit);
            bound.push(name);
            list_and_body[1].names_but(bound, visit);
            bound.pop();
            return;
        }
        let found = if let Operation::Name(name) = &self.operation {
            Some((name, None))
        } else if let Operation::Member(of, member) | Operation::Has(of, member) = &self.operation {
            of.as_name().map(|name| (name, Some(member)))
        } else if let Operation::Index(two) = &self.operation {
            two[0].as_name().zip(two[1].as_text()).map(|(name, member)| (name, Some(member)))
        } else {
            None
        };
        let Some((name, member)) = found else {
            self.parts().for_each(|part| part.names_but(bound, visit));
            return;
        };
        let is_type = member.is_none() && super::value::is_type(name);
        if !is_type && !bound.contains(&name.as_str()) {
            visit(name, member.map(String::as_str), self.from);
        }
    }

    /// Whether the result is the same for every token.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        let mut constant = true;
        self.names(&mut |_, _, _| constant = false);
        constant
    }

    pub(super) fn as_name(&self) -> Option<&String> {
        if let Operation::Name(name) = &self.operation { Some(name) } else { None }
    }

    /// The text, if it is a literal.
    #[must_use]
    pub fn as_text(&self) -> Option<&String> {
        if let Operation::Text(text) = &self.operation { Some(text) } else { None }
    }
}
