//! Writes events, a line for each. No span is enabled, so there is no registry of spans: `tracing-subscriber`'s own takes a
//! tenth of the time of a short run.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::{SHORT, shown, write};

/// Writes every event that the filters before it let through.
pub(super) struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        !of.is_span()
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message::default();
        event.record(&mut message);
        let prefix = if *event.metadata().level() <= Level::WARN { "warning" } else { "oidc-exchange" };
        write(&format!("{prefix}: {}\n", shown(&message.0)), SHORT);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message of an event. This crate's events have no other field.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    #[expect(clippy::use_debug, reason = "the Debug of a formatted message is its text")]
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
