//! Work that goes on when whoever asked for it goes away.
//!
//! A request is dropped where it stands when its connection ends. What is written to the store in one step
//! and told to the table of live grants in the next must not be dropped in between: a token would be
//! revoked on the disk and still work.

use std::future::Future;

/// Runs `work` to its end, and gives its result to whoever is still there.
pub(crate) async fn unbroken<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is going down, and with it whoever waits here.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_ends_although_nobody_waits_for_it() {
        let (go, gone) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let work = unbroken(async move {
            let _ = gone.await;
            let _ = tell.send("done");
        });
        assert!(tokio::time::timeout(Duration::ZERO, work).await.is_err());
        go.send(()).unwrap();
        assert_eq!(told.await, Ok("done"));
    }
}
