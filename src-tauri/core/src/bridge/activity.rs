//! What was called: counted for charts, and one by one for looking through.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use super::Bridge;
use crate::clock::rfc3339_millis;
use crate::ids::ClientId;
use crate::store::{CountedCall, KeptCall, StoreError};
use crate::view::{ActivityView, CallFilter, CallView, ClientActivity, ClientCalls, Stretch, ToolActivity};

/// A year of days, and some; more could not be told apart in a chart.
const MOST_EDGES: usize = 400;
/// Calls listed at once.
const MOST_CALLS: u32 = 100;

const MEDIAN: u64 = 50;
const P95: u64 = 95;

impl Bridge {
    /// Calls between these points in time: of n + 1 edges, n stretches. More than 400 edges are cut off.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn activity(&self, mut edges: Vec<SystemTime>) -> Result<ActivityView, StoreError> {
        edges.truncate(MOST_EDGES);
        edges.sort_unstable();
        let mut total = Tally::default();
        let mut stretches = Vec::new();
        for edge in edges.windows(2) {
            let time = edge[0]..edge[1];
            let tally = self.store.count_activity(time, Tally::default(), Tally::count).await?;
            stretches.push(tally.stretch(edge[0]));
            total.add(tally);
        }
        let clients = total.clients.keys().map(|id| ClientId::new(id.as_str())).collect();
        let names = self.store.client_names(clients).await?;
        Ok(ActivityView { stretches, clients: total.client_activity(&names), tools: total.tool_activity() })
    }

    /// The newest calls that the filter lets through, newest first, at most 100.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn calls(&self, filter: CallFilter) -> Result<Vec<CallView>, StoreError> {
        Ok(self.store.calls(filter, MOST_CALLS).await?.into_iter().map(CallView::from).collect())
    }
}

/// Calls, counted. What it takes up grows with the clients, the tools and the different durations (of which
/// there are no more than a call may take milliseconds), not with the calls.
#[derive(Debug, Default)]
struct Tally {
    clients: BTreeMap<String, Count>,
    tools: BTreeMap<String, ToolTally>,
}

#[derive(Debug, Default)]
struct ToolTally {
    count: Count,
    durations: Durations,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    calls: u64,
    failures: u64,
}

/// How many calls took how many milliseconds.
#[derive(Debug, Default)]
struct Durations(BTreeMap<u64, u64>);

impl Tally {
    fn count(&mut self, call: CountedCall<'_>) {
        let failures = u64::from(call.outcome.is_failure());
        let one = Count { calls: 1, failures };
        at(&mut self.clients, call.client_id, |client| client.add(one));
        at(&mut self.tools, call.tool, |tool| {
            tool.count.add(one);
            if call.outcome.is_measure() {
                tool.durations.add(call.duration_ms, 1);
            }
        });
    }

    fn add(&mut self, other: Self) {
        for (client, count) in other.clients {
            self.clients.entry(client).or_default().add(count);
        }
        for (name, tool) in other.tools {
            let sum = self.tools.entry(name).or_default();
            sum.count.add(tool.count);
            sum.durations.add_all(&tool.durations);
        }
    }

    fn stretch(&self, from: SystemTime) -> Stretch {
        let mut durations = Durations::default();
        for tool in self.tools.values() {
            durations.add_all(&tool.durations);
        }
        let calls = |(id, count): (&String, &Count)| ClientCalls {
            client_id: ClientId::new(id.as_str()),
            calls: count.calls,
            failures: count.failures,
        };
        Stretch {
            from: rfc3339_millis(from),
            clients: self.clients.iter().map(calls).collect(),
            median_ms: durations.percentile(MEDIAN),
            p95_ms: durations.percentile(P95),
        }
    }

    fn client_activity(&self, names: &HashMap<ClientId, String>) -> Vec<ClientActivity> {
        let activity = |(id, count): (&String, &Count)| {
            let client_id = ClientId::new(id.as_str());
            let name = names.get(&client_id).cloned().unwrap_or_default();
            ClientActivity { client_id, name, calls: count.calls, failures: count.failures }
        };
        let mut all: Vec<_> = self.clients.iter().map(activity).collect();
        // Those with as many calls stay in the order of their ids.
        all.sort_by_key(|client| Reverse(client.calls));
        all
    }

    fn tool_activity(&self) -> Vec<ToolActivity> {
        let activity = |(name, tool): (&String, &ToolTally)| ToolActivity {
            tool: name.clone(),
            calls: tool.count.calls,
            failures: tool.count.failures,
            median_ms: tool.durations.percentile(MEDIAN),
            p95_ms: tool.durations.percentile(P95),
        };
        let mut all: Vec<_> = self.tools.iter().map(activity).collect();
        all.sort_by_key(|tool| Reverse(tool.calls));
        all
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.failures += other.failures;
    }
}

impl Durations {
    fn add(&mut self, milliseconds: u64, calls: u64) {
        *self.0.entry(milliseconds).or_default() += calls;
    }

    fn add_all(&mut self, other: &Self) {
        for (milliseconds, calls) in &other.0 {
            self.add(*milliseconds, *calls);
        }
    }

    /// The shortest duration within which so many of 100 calls ended (nearest rank).
    fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.0.values().sum::<u64>() * percent).div_ceil(100);
        let mut ended = 0;
        let reached = self.0.iter().find(|(_, calls)| {
            ended += **calls;
            ended >= rank
        });
        reached.map(|(milliseconds, _)| *milliseconds)
    }
}

/// An entry for a name, without a new text for each of a million calls.
fn at<V: Default>(counts: &mut BTreeMap<String, V>, name: &str, change: impl FnOnce(&mut V)) {
    match counts.get_mut(name) {
        Some(known) => change(known),
        None => change(counts.entry(name.to_owned()).or_default()),
    }
}

impl From<KeptCall> for CallView {
    fn from(kept: KeptCall) -> Self {
        let call = kept.call;
        Self {
            id: kept.id,
            at: rfc3339_millis(call.at),
            client_id: call.client_id,
            client_name: kept.client_name,
            tool: call.tool,
            outcome: call.outcome,
            duration_ms: u64::try_from(call.duration.as_millis()).unwrap_or(u64::MAX),
            response_bytes: call.response_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::store::{ActivityRecord, Store};
    use crate::view::CallOutcome;

    fn tally(calls: &[(&str, &str, CallOutcome, u64)]) -> Tally {
        let mut tally = Tally::default();
        for (client_id, tool, outcome, duration_ms) in calls.iter().copied() {
            tally.count(CountedCall { client_id, tool, outcome, duration_ms });
        }
        tally
    }

    fn durations(all: impl IntoIterator<Item = u64>) -> Durations {
        let mut durations = Durations::default();
        all.into_iter().for_each(|milliseconds| durations.add(milliseconds, 1));
        durations
    }

    #[test]
    fn percentiles_are_durations_that_calls_really_took() {
        for (all, median, p95) in [
            (vec![], None, None),
            (vec![7], Some(7), Some(7)),
            (vec![9, 1], Some(1), Some(9)),
            (vec![3, 1, 2], Some(2), Some(3)),
            ((1..=20).collect(), Some(10), Some(19)),
            ((1..=100).rev().collect(), Some(50), Some(95)),
            ((1..=101).collect(), Some(51), Some(96)),
            (vec![5; 1000], Some(5), Some(5)),
        ] {
            let durations = durations(all.clone());
            assert_eq!((durations.percentile(MEDIAN), durations.percentile(P95)), (median, p95), "{all:?}");
        }
    }

    #[test]
    fn what_never_reached_jean_memory_is_counted_but_not_measured() {
        let stretch = tally(&[
            ("a", "ask", CallOutcome::Ok, 10),
            ("a", "ask", CallOutcome::Failed, 20),
            ("a", "ask", CallOutcome::Refused, 0),
            ("b", "ask", CallOutcome::Cancelled, 90_000),
        ])
        .stretch(UNIX_EPOCH);
        let calls = |id: &str, calls, failures| ClientCalls { client_id: ClientId::new(id), calls, failures };
        assert_eq!(stretch.clients, [calls("a", 3, 2), calls("b", 1, 0)]);
        assert_eq!((stretch.median_ms, stretch.p95_ms), (Some(10), Some(20)));
        let idle = tally(&[("a", "ask", CallOutcome::Refused, 3)]).stretch(UNIX_EPOCH);
        assert_eq!((idle.median_ms, idle.p95_ms), (None, None));
    }

    #[test]
    fn sums_are_those_of_all_calls_at_once() {
        let (early, late) = (
            [("a", "ask", CallOutcome::Ok, 1), ("b", "list", CallOutcome::Failed, 5)],
            [("b", "ask", CallOutcome::Ok, 3), ("b", "ask", CallOutcome::Ok, 2)],
        );
        let mut sum = tally(&early);
        sum.add(tally(&late));
        let names = HashMap::from([(ClientId::new("b"), "Bee".to_owned())]);
        let client = |id: &str, name: &str, calls, failures| ClientActivity {
            client_id: ClientId::new(id),
            name: name.into(),
            calls,
            failures,
        };
        assert_eq!(sum.client_activity(&names), [client("b", "Bee", 3, 1), client("a", "", 1, 0)]);
        let tool = |tool: &str, calls, failures, median, p95| ToolActivity {
            tool: tool.into(),
            calls,
            failures,
            median_ms: Some(median),
            p95_ms: Some(p95),
        };
        assert_eq!(sum.tool_activity(), [tool("ask", 3, 0, 2, 3), tool("list", 1, 1, 5, 5)]);
    }

    #[tokio::test]
    async fn a_call_belongs_to_the_stretch_in_which_it_began() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), UNIX_EPOCH).unwrap();
        let at = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
        let call = |milliseconds| ActivityRecord {
            at: at(milliseconds),
            client_id: ClientId::new("a"),
            tool: "ask".into(),
            outcome: CallOutcome::Ok,
            duration: Duration::from_secs(100),
            request_bytes: 0,
            response_bytes: 0,
        };
        store.add_activity([999, 1000, 1999, 2000].map(call).into()).await.unwrap();
        let tally = store.count_activity(at(1000)..at(2000), Tally::default(), Tally::count).await.unwrap();
        assert_eq!(tally.stretch(at(1000)).clients[0].calls, 2);
    }
}
