//! A keychain that does what a test tells it.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use keyring_core::api::CredentialStoreApi;
use keyring_core::{CredentialStore, Entry, Error, mock};
use secrecy::{ExposeSecret, SecretString};

use crate::vault::{Vault, VaultError, VaultLimits};

pub(super) const SERVICE: &str = "vault-test";

type Hook = Box<dyn Fn() + Send + Sync>;

/// Keychain and opener in one: counts, and runs a hook whenever it is opened or used.
pub(super) struct Scripted {
    pub(super) store: Arc<mock::Store>,
    opened: AtomicUsize,
    on_open: Mutex<Box<dyn Fn() -> Result<(), Error> + Send + Sync>>,
    on_use: Mutex<Arc<Hook>>,
}

impl Scripted {
    /// A vault with the limits of the program.
    pub(super) fn vault() -> (Vault, Arc<Self>) {
        Self::vault_with(VaultLimits::default())
    }

    pub(super) fn vault_with(limits: VaultLimits) -> (Vault, Arc<Self>) {
        let script = Arc::new(Self {
            store: mock::Store::new().unwrap(),
            opened: AtomicUsize::new(0),
            on_open: Mutex::new(Box::new(|| Ok(()))),
            on_use: Mutex::new(Arc::new(Box::new(|| ()))),
        });
        let opener = Arc::clone(&script);
        let open = Box::new(move || {
            opener.opened.fetch_add(1, Ordering::SeqCst);
            (opener.on_open.lock().unwrap())()?;
            Ok(Arc::new(Opened(Arc::clone(&opener))) as Arc<CredentialStore>)
        });
        (Vault::new(SERVICE, open, limits), script)
    }

    /// How often the keychain was opened, in vain too.
    pub(super) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    pub(super) fn on_open(&self, hook: impl Fn() -> Result<(), Error> + Send + Sync + 'static) {
        *self.on_open.lock().unwrap() = Box::new(hook);
    }

    pub(super) fn on_use(&self, hook: impl Fn() + Send + Sync + 'static) {
        *self.on_use.lock().unwrap() = Arc::new(Box::new(hook));
    }

    /// The next use of `item` fails with `error`.
    pub(super) fn fail(&self, item: &str, error: Error) {
        let entry = self.store.build(SERVICE, item, None).unwrap();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
    }

    /// Whether [`Scripted::fail`] still waits for the next use of `item`.
    pub(super) fn failure_is_pending(&self, item: &str) -> bool {
        let entry = self.store.build(SERVICE, item, None).unwrap();
        let cred = entry.as_any().downcast_ref::<mock::Cred>().unwrap();
        cred.inner.lock().unwrap().get_mut().error.is_some()
    }

    /// What is kept as `item`, without asking the vault.
    pub(super) fn kept(&self, item: &str) -> Option<String> {
        self.store.build(SERVICE, item, None).unwrap().get_password().ok()
    }
}

struct Opened(Arc<Scripted>);

impl CredentialStoreApi for Opened {
    fn vendor(&self) -> String {
        self.0.store.vendor()
    }

    fn id(&self) -> String {
        self.0.store.id()
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> Result<Entry, Error> {
        // Cloned, so that one hook may block or panic without holding up the next.
        let hook = self.0.on_use.lock().unwrap().clone();
        hook();
        self.0.store.build(service, user, modifiers)
    }

    fn search(&self, spec: &HashMap<&str, &str>) -> Result<Vec<Entry>, Error> {
        let hook = self.0.on_use.lock().unwrap().clone();
        hook();
        self.0.store.search(spec)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

/// A door that threads wait at until the test opens it, or ends; then it stays open.
#[derive(Clone, Default)]
pub(super) struct Door(Arc<(Mutex<Visitors>, Condvar)>);

#[derive(Default)]
struct Visitors {
    came: usize,
    open: bool,
}

impl Door {
    /// Waits for the door to open.
    pub(super) fn pass(&self) {
        let mut visitors = self.visitors();
        visitors.came += 1;
        drop(self.0.1.wait_while(visitors, |visitors| !visitors.open).unwrap());
    }

    /// How many came so far.
    pub(super) fn came(&self) -> usize {
        self.visitors().came
    }

    pub(super) fn open(&self) {
        self.visitors().open = true;
        self.0.1.notify_all();
    }

    fn visitors(&self) -> MutexGuard<'_, Visitors> {
        self.0.0.lock().unwrap()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.open();
    }
}

pub(super) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// A reading that can be compared.
pub(super) fn text(read: Result<Option<SecretString>, VaultError>) -> Result<Option<String>, VaultError> {
    read.map(|found| found.map(|secret| secret.expose_secret().to_owned()))
}
