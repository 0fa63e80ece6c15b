//! What a person has decided about single tools of single clients.

use rusqlite::params;

use super::{Store, StoreError};
use crate::ids::ClientId;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolSwitch {
    /// For whom.
    pub client_id: ClientId,
    /// Which tool.
    pub tool: String,
    /// Whether it may be used.
    pub is_on: bool,
}

impl Store {
    /// Every decision.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tool_switches(&self) -> Result<Vec<ToolSwitch>, StoreError> {
        self.run(|db| {
            db.prepare_cached("SELECT client_id, tool, is_on FROM tool_switches")?
                .query_map([], |row| {
                    Ok(ToolSwitch {
                        client_id: ClientId::new(row.get::<_, String>(0)?),
                        tool: row.get(1)?,
                        is_on: row.get(2)?,
                    })
                })?
                .collect()
        })
        .await
    }

    /// Keeps a decision.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_tool_switch(&self, switch: ToolSwitch) -> Result<(), StoreError> {
        self.run(move |db| {
            db.prepare_cached(
                "INSERT INTO tool_switches (client_id, tool, is_on) VALUES (?1, ?2, ?3)
                 ON CONFLICT (client_id, tool) DO UPDATE SET is_on = excluded.is_on",
            )?
            .execute(params![switch.client_id.as_str(), switch.tool, switch.is_on])
            .map(drop)
        })
        .await
    }
}
