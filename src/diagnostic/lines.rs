//! Writes this crate's events, a line for each.
//!
//! `tracing-subscriber` would do the same with a registry of spans, which takes a tenth of the time of a short run.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::{DECISIONS, SHORT, Verbosity, shown, write};

/// Writes the events that the verbosity includes.
pub(super) struct Lines(pub(super) Verbosity);

impl Subscriber for Lines {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        let inside = of.target().strip_prefix(env!("CARGO_CRATE_NAME"));
        let ours = !of.is_span() && inside.is_some_and(|path| path.is_empty() || path.starts_with("::"));
        ours && *of.level() <= self.0.level() && (of.target() != DECISIONS || self.0 == Verbosity::Debug)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.0.level()))
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message::default();
        event.record(&mut message);
        let prefix = if *event.metadata().level() <= Level::WARN { "warning" } else { "oidc-exchange" };
        write(&format!("{prefix}: {}\n", shown(&message.0)), SHORT);
    }

    // No span is enabled.
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
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
