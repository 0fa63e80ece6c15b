//! Accounts and their keys. A key goes from here to the keychain and to Jean Memory, and nowhere else.

use bridge_core::control::failed;
use bridge_core::ids::AccountId;
use bridge_core::view::AccountView;
use tauri::State;

use super::Answer;
use super::key::PastedKey;
use crate::shell::Shell;

/// Checks a key and keeps it.
#[tauri::command]
pub(crate) async fn accounts_add(
    shell: State<'_, Shell>,
    key: PastedKey,
    save_unchecked: bool,
) -> Answer<AccountView> {
    shell.bridge.add_account(key.parse()?, save_unchecked).await.map_err(failed)
}

/// Makes the account of the built-in stand-in.
#[tauri::command]
pub(crate) async fn accounts_add_sandbox(shell: State<'_, Shell>) -> Answer<AccountView> {
    shell.bridge.add_sandbox().await.map_err(failed)
}

/// Checks a key and gives it to an account in place of its own.
#[tauri::command]
pub(crate) async fn accounts_replace_key(
    shell: State<'_, Shell>,
    id: AccountId,
    key: PastedKey,
    save_unchecked: bool,
) -> Answer<AccountView> {
    shell.bridge.replace_key(&id, key.parse()?, save_unchecked).await.map_err(failed)
}

/// Gives an account another name.
#[tauri::command]
pub(crate) async fn accounts_rename(
    shell: State<'_, Shell>,
    id: AccountId,
    label: String,
) -> Answer<AccountView> {
    shell.bridge.rename_account(&id, &label).await.map_err(failed)
}

/// Forgets an account, its key, and what apps may do with it.
#[tauri::command]
pub(crate) async fn accounts_remove(shell: State<'_, Shell>, id: AccountId) -> Answer<()> {
    shell.bridge.remove_account(&id).await.map_err(failed)
}
