//! A line of the private directory's manifest, which another process of the job may have written.
#![no_main]

use oidc_exchange::delivery::exported;
use oidc_exchange::shell::steering::is_removable;
use oidc_exchange::state::Record;

libfuzzer_sys::fuzz_target!(|line: &str| {
    let Ok(record) = serde_json::from_str::<Record>(line) else { return };
    let written = serde_json::to_string(&record).expect("it was read");
    assert!(!written.contains('\n'));
    assert_eq!(serde_json::from_str::<Record>(&written).ok(), Some(record.clone()));
    for name in record.note().map(exported::read).unwrap_or_default() {
        assert!(is_removable(&name) && written.contains(name.as_str()));
    }
});
