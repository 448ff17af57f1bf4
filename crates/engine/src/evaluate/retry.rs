//! Whether an attempt is made again.

use super::{template_error, turn::Turn};
use crate::{
    context::Scope,
    playbook::{Condition, RenderError, Retry, Save, is_true},
};
use protocol::{TaskError, TaskKey, TaskPart};
use serde_json::{Value, json};
use std::sync::Arc;

/// The next attempt of a piece of work.
pub(crate) struct Again {
    pub(crate) delay_ms: u64,
    pub(crate) reason: String,
}

impl Turn<'_> {
    /// What the step's `retry` says of an attempt that just ended; `result` is what expressions see of it. Attempts
    /// that were lost with their workers do not count.
    ///
    /// # Errors
    /// When `retry_when` or `stop_when` cannot be evaluated: names the expression.
    pub(crate) fn again(
        &self,
        index: usize,
        key: &TaskKey,
        result: &Arc<Value>,
        error: Option<&TaskError>,
    ) -> Result<Option<Again>, TaskError> {
        let Some(retry) = self.retry_of(index, key) else { return Ok(None) };
        let attempt = self.state.piece(key).map_or(key.attempt, crate::execution::Piece::counted);
        let asks = |condition: &Condition| {
            let scope = self.scope_of_attempt(index, key, attempt, result, error);
            let value = condition.template.render(self.playbook.texts(), &scope)?;
            Ok(is_true(&value))
        };
        let asks = |condition: &Option<Condition>| -> Result<Option<bool>, TaskError> {
            let answer: Option<Result<bool, RenderError>> = condition.as_ref().map(asks);
            answer.transpose().map_err(|error| template_error(&error))
        };
        if asks(&retry.stop_when)? == Some(true) || !asks(&retry.retry_when)?.unwrap_or(error.is_some()) {
            return Ok(None);
        }
        if attempt >= retry.max_attempts {
            return Ok(None);
        }
        let reason = error.map_or_else(|| "retry_when".to_owned(), |error| error.code.clone());
        Ok(Some(Again { delay_ms: retry.delay_ms(attempt, chance(key)), reason }))
    }

    fn retry_of(&self, index: usize, key: &TaskKey) -> Option<&Retry> {
        let step = self.playbook.step(index);
        let action = match key.part {
            TaskPart::Action => step.action_of(key.item),
            TaskPart::Save => step.save_of(key.item).and_then(Save::task).map(|save| &save.action),
        };
        action?.retry.as_ref()
    }

    /// The names the conditions of a retry know besides the others.
    fn scope_of_attempt(
        &self,
        index: usize,
        key: &TaskKey,
        attempt: u32,
        result: &Arc<Value>,
        error: Option<&TaskError>,
    ) -> Scope {
        let field = |name: &str| result.get(name).or_else(|| result.get("data")?.get(name)).cloned();
        let names = json!({
            "attempt": attempt,
            "success": error.is_none(),
            "status_code": field("status_code").unwrap_or_default(),
            "data": result.get("data").unwrap_or(result),
        });
        self.scope_of_piece(index, key).with_data(Arc::new(names)).with_result(Some(result.clone())).with_failure(error)
    }
}

/// A number drawn from the name of an attempt, the same each time: what stands for chance in a delay.
fn chance(key: &TaskKey) -> u64 {
    let numbers = [key.visit, key.attempt, key.item.map_or(0, |item| item + 1), u32::from(key.part == TaskPart::Save)];
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    let bytes = key.execution_id.0.as_bytes().iter().copied().chain(key.step.bytes()).chain(numbers);
    // FNV-1a, then the finisher of SplitMix64, without which near names give near numbers.
    let mut hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
