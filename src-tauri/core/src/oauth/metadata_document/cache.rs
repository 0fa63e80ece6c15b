//! The documents at hand: fresh between five minutes and a day (protocol.md 2.18), few of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::document::ClientDocument;

/// At least this long a document is good, whatever its headers say.
pub(super) const MIN_FRESH: Duration = Duration::from_secs(5 * 60);
/// At most this long.
pub(super) const MAX_FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// More clients than a person has; the stalest goes first.
const MAX_DOCUMENTS: usize = 64;

#[derive(Default)]
pub(super) struct Cache(HashMap<String, Kept>);

struct Kept {
    document: Arc<ClientDocument>,
    since: SystemTime,
    until: SystemTime,
}

impl Cache {
    /// The document while it is fresh. A clock that went back makes it stale, never fresher.
    pub(super) fn fresh(&self, client_id: &str, now: SystemTime) -> Option<Arc<ClientDocument>> {
        let kept = self.0.get(client_id)?;
        (kept.since <= now && now < kept.until).then(|| kept.document.clone())
    }

    /// The document at any age.
    pub(super) fn any(&self, client_id: &str) -> Option<Arc<ClientDocument>> {
        self.0.get(client_id).map(|kept| kept.document.clone())
    }

    /// Keeps a valid document, and nothing else is ever kept.
    pub(super) fn keep(&mut self, document: Arc<ClientDocument>, max_age: Duration, now: SystemTime) {
        let client_id = document.client_id.as_str().to_owned();
        let until = now + max_age.clamp(MIN_FRESH, MAX_FRESH);
        self.0.insert(client_id, Kept { document, since: now, until });
        if self.0.len() > MAX_DOCUMENTS {
            let stalest = self.0.iter().min_by_key(|(_, kept)| kept.until).map(|(id, _)| id.clone());
            stalest.and_then(|id| self.0.remove(&id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ClientId;
    use crate::oauth::metadata_document::document::Source;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn document(id: &str) -> Arc<ClientDocument> {
        Arc::new(ClientDocument {
            client_id: ClientId::new(id),
            client_name: "Example".to_owned(),
            redirect_uris: Vec::new(),
            host: "client.example".to_owned(),
            wants_refresh: true,
            source: Source::Fetched,
        })
    }

    #[test]
    fn freshness_follows_the_headers_between_five_minutes_and_a_day() {
        // protocol.md 2.18
        let minute = Duration::from_secs(60);
        for (max_age, good_for) in
            [(Duration::ZERO, 5 * minute), (10 * minute, 10 * minute), (Duration::MAX, 24 * 60 * minute)]
        {
            let mut cache = Cache::default();
            let now = NOW + 60 * minute;
            cache.keep(document("a"), max_age, now);
            assert!(cache.fresh("a", now).is_some());
            assert!(cache.fresh("a", now + good_for - minute).is_some());
            assert!(cache.fresh("a", now + good_for).is_none());
            assert!(cache.fresh("a", now - minute).is_none(), "a clock that went back extends nothing");
            assert!(cache.any("a").is_some());
        }
    }

    #[test]
    fn the_cache_stays_small_and_loses_the_stalest_first() {
        let mut cache = Cache::default();
        cache.keep(document("old"), MIN_FRESH, NOW);
        for number in 0..MAX_DOCUMENTS {
            cache.keep(document(&number.to_string()), MAX_FRESH, NOW);
        }
        assert_eq!(cache.0.len(), MAX_DOCUMENTS);
        assert!(cache.any("old").is_none());
        assert!(cache.any("0").is_some());
    }
}
