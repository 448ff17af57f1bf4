//! The catalog of playbooks.

use super::{Api, from_store};
use crate::schedules;
use engine::Parsed;
use protocol::{
    Action, Problem,
    api::{PlaybookDetail, PlaybookSummary, PlaybookVersion, Registered, Validation},
    diagnostic::Level,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, fmt::Write};
use store::NewPlaybook;

impl Api {
    /// Adds a version of the playbook the YAML names, unless the newest one is equal.
    ///
    /// # Errors
    /// 422 `playbook_invalid` with every problem of the source; 409 `webhook_taken`.
    pub async fn register_playbook(&self, source: &str) -> Result<Registered, Problem> {
        self.require(Action::Run)?;
        let parsed = parse(source);
        let Some(playbook) = parsed.playbook else {
            let errors = parsed.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).count();
            let detail = match errors {
                1 => "the playbook has an error; nothing was registered".to_owned(),
                n => format!("the playbook has {n} errors; nothing was registered"),
            };
            return Err(
                Problem::new(422, "playbook_invalid", "Playbook invalid", detail).with_diagnostics(parsed.diagnostics)
            );
        };
        self.check_webhook(&playbook).await?;
        let new = NewPlaybook {
            path: playbook.path().to_owned(),
            name: playbook.name().to_owned(),
            description: playbook.description().map(str::to_owned),
            source: source.to_owned(),
            content_hash: hash(source),
            definition: engine::playbook::definition(source).map(|definition| definition.to_string()),
            registered_at: self.shared.environment.now(),
        };
        let (row, created) = self.shared.store.register_playbook(new).await.map_err(from_store)?;
        // Also when nothing is new: the process may have died here before.
        self.follow_schedules(&row.path).await?;
        Ok(Registered { path: row.path, version: row.version, created, diagnostics: parsed.diagnostics })
    }

    /// Every problem of a source, without registering it.
    ///
    /// # Errors
    /// None today; the signature leaves room for a validator that needs the store.
    pub async fn validate_playbook(&self, source: &str) -> Result<Validation, Problem> {
        let parsed = parse(source);
        Ok(Validation { valid: parsed.playbook.is_some(), diagnostics: parsed.diagnostics })
    }

    /// The newest version of each, by path; `q` narrows to those whose path, name or description contains it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn playbooks(&self, q: Option<&str>) -> Result<Vec<PlaybookSummary>, Problem> {
        let wanted = q.map(str::to_lowercase).filter(|q| !q.is_empty());
        let mut rows = self.shared.store.playbooks().await.map_err(from_store)?;
        if let Some(wanted) = wanted {
            rows.retain(|(row, _)| {
                [Some(&row.path), Some(&row.name), row.description.as_ref()]
                    .into_iter()
                    .flatten()
                    .any(|text| text.to_lowercase().contains(&wanted))
            });
        }
        let paths: Vec<String> = rows.iter().map(|(row, _)| row.path.clone()).collect();
        let latest = self.shared.store.latest_executions(&paths).await.map_err(from_store)?;
        let mut latest: HashMap<String, _> =
            latest.into_iter().map(|summary| (summary.path.clone(), summary)).collect();
        Ok(rows
            .into_iter()
            .map(|(row, executions)| PlaybookSummary {
                last: latest.remove(&row.path),
                path: row.path,
                name: row.name,
                description: row.description,
                version: row.version,
                registered_at: row.registered_at,
                executions,
            })
            .collect())
    }

    /// A version of a playbook; the newest without `version`.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn playbook(&self, path: &str, version: Option<u32>) -> Result<PlaybookDetail, Problem> {
        let entry = self.shared.catalog.entry(path, version).await?;
        let latest = match version {
            None => entry.row.version,
            Some(_) => self.shared.catalog.entry(path, None).await?.row.version,
        };
        Ok(PlaybookDetail {
            path: entry.row.path.clone(),
            name: entry.row.name.clone(),
            description: entry.row.description.clone(),
            version: entry.row.version,
            latest_version: latest,
            registered_at: entry.row.registered_at,
            source: entry.row.source.clone(),
            workload: entry.playbook.workload().clone(),
            graph: entry.graph().await?,
        })
    }

    /// The JSON Schema of playbooks, for editors.
    pub fn playbook_schema(&self) -> Value {
        engine::playbook::schema()
    }

    /// All versions, newest first.
    ///
    /// # Errors
    /// 404 when the path has none.
    pub async fn playbook_versions(&self, path: &str) -> Result<Vec<PlaybookVersion>, Problem> {
        let versions = self.shared.store.playbook_versions(path).await.map_err(from_store)?;
        if versions.is_empty() {
            return Err(Problem::not_found("playbook", path, "look in the list of playbooks"));
        }
        Ok(versions)
    }
}

/// With what only the runtime can check.
fn parse(source: &str) -> Parsed {
    let mut parsed = engine::playbook::parse(source);
    if let Some(playbook) = parsed.playbook.take() {
        let problems = schedules::problems(&playbook, source);
        parsed.playbook = problems.is_empty().then_some(playbook);
        parsed.diagnostics.extend(problems);
    }
    parsed
}

/// SHA-256, hex.
pub(super) fn hash(source: &str) -> String {
    Sha256::digest(source.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
