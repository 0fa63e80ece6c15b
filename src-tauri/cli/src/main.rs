//! `jean-bridge`, the command line.

use bridge_core::bridge::Bridge;
use bridge_core::config::Config;
use bridge_core::paths::Paths;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "temporary")]
    let env = |name: &str| std::env::var(name).ok();
    let paths = Paths::discover(&env)?;
    let config = Config::load(&paths, &env)?;
    let bridge = Bridge::start(config, &paths).await?;
    #[expect(clippy::print_stdout, reason = "temporary")]
    {
        println!("listening on http://{}", bridge.address());
    }
    std::future::pending::<()>().await;
    Ok(())
}
