//! The sample playbooks inside the binary.

use protocol::Problem;
use runtime::Api;

/// Their sources, by file name.
static SAMPLES: &[&str] = &include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// Registers the samples in an empty catalog; one with anything in it is left alone.
///
/// # Errors
/// When the catalog cannot be read. A sample that is refused is logged and left out.
pub(crate) async fn register(api: &Api) -> Result<(), Problem> {
    if !api.playbooks(None).await?.is_empty() {
        return Ok(());
    }
    for source in SAMPLES {
        match api.register_playbook(source).await {
            Ok(registered) => tracing::info!("registered the sample `{}`", registered.path),
            Err(problem) => tracing::warn!("a sample playbook was not registered: {problem}"),
        }
    }
    Ok(())
}
