//! Decides what happens to a request: normal answer, fault, outage, rate limit.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Fault, Request};

/// Planned faults, in order of precedence.
#[derive(Default)]
pub(super) struct FaultPlan {
    script: VecDeque<Fault>,
    always: Option<Fault>,
    aimed: Vec<Aimed>,
    outage: Option<Instant>,
    bucket: Option<Bucket>,
}

/// What happens to one request.
pub(super) enum Turn {
    Serve,
    Misbehave(Fault),
    Throttled,
    Unavailable,
}

impl FaultPlan {
    pub(super) fn script(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.script.extend(faults);
    }

    pub(super) fn always(&mut self, fault: Option<Fault>) {
        self.always = fault;
    }

    pub(super) fn aim(&mut self, at: fn(&Request) -> bool, fault: Fault, left: Option<usize>) {
        self.aimed.push(Aimed { at, fault, left });
    }

    pub(super) fn outage_until(&mut self, end: Instant) {
        self.outage = Some(end);
    }

    pub(super) fn throttle(&mut self, per_second: u32) {
        self.bucket = Some(Bucket::new(per_second, Instant::now()));
    }

    pub(super) fn next(&mut self, request: &Request, now: Instant) -> Turn {
        let aimed = self.aimed.iter_mut().find_map(|aimed| aimed.meet(request));
        if let Some(fault) = aimed.or_else(|| self.script.pop_front()).or_else(|| self.always.clone()) {
            return Turn::Misbehave(fault);
        }
        if self.outage.is_some_and(|end| now < end) {
            return Turn::Unavailable;
        }
        let granted = self.bucket.as_mut().is_none_or(|bucket| bucket.take(now));
        if granted { Turn::Serve } else { Turn::Throttled }
    }
}

/// A fault only for some requests.
struct Aimed {
    at: fn(&Request) -> bool,
    fault: Fault,
    /// The number of such requests left; `None` for all.
    left: Option<usize>,
}

impl Aimed {
    fn meet(&mut self, request: &Request) -> Option<Fault> {
        if self.left == Some(0) || !(self.at)(request) {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(self.fault.clone())
    }
}

/// A token bucket: it fills at a constant rate, up to one second's worth.
struct Bucket {
    rate: f64,
    level: f64,
    seen: Instant,
}

impl Bucket {
    fn new(per_second: u32, now: Instant) -> Self {
        Self { rate: f64::from(per_second), level: f64::from(per_second), seen: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        self.level = (self.level + self.rate * now.duration_since(self.seen).as_secs_f64()).min(self.rate);
        self.seen = now;
        let granted = self.level >= 1.0;
        if granted {
            self.level -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_gives_a_second_at_once_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(4, start);
        assert_eq!((0..10).filter(|_| bucket.take(start)).count(), 4);
        let later = start + Duration::from_millis(500);
        assert_eq!((0..10).filter(|_| bucket.take(later)).count(), 2);
    }

    #[test]
    fn the_script_comes_before_the_outage() {
        let now = Instant::now();
        let mut fault_plan = FaultPlan::default();
        fault_plan.outage_until(now + Duration::from_secs(1));
        fault_plan.script([Fault::Hang]);
        assert!(matches!(fault_plan.next(&asking("/"), now), Turn::Misbehave(Fault::Hang)));
        assert!(matches!(fault_plan.next(&asking("/"), now), Turn::Unavailable));
        assert!(matches!(fault_plan.next(&asking("/"), now + Duration::from_secs(2)), Turn::Serve));
    }

    #[test]
    fn an_aimed_fault_meets_whom_it_is_for_and_as_often_as_it_is_for() {
        let now = Instant::now();
        let mut fault_plan = FaultPlan::default();
        fault_plan.aim(|request| request.path == "/a", Fault::Hang, Some(1));
        fault_plan.aim(|request| request.path == "/b", Fault::HtmlOk, None);
        let mut hung = |path| matches!(fault_plan.next(&asking(path), now), Turn::Misbehave(Fault::Hang));
        assert_eq!([hung("/"), hung("/a"), hung("/a")], [false, true, false]);
        let mut paged = || matches!(fault_plan.next(&asking("/b"), now), Turn::Misbehave(Fault::HtmlOk));
        assert!(paged() && paged());
    }

    fn asking(path: &str) -> Request {
        Request {
            method: "GET".into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            form: Vec::new(),
            connection: 1,
        }
    }
}
