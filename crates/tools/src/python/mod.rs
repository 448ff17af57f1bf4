//! `python`: a step's code in a python3 process of its own.
//!
//! How `main` is called (`data` is the step's data):
//! - no parameters: `main()`;
//! - each parameter that `data` has a key for gets that value; other keys are left out, unless there is a
//!   `**kwargs`, which gets them;
//! - a parameter `input_data` or `context` that `data` has no key for gets the whole map, and so does a single
//!   parameter called data, payload, input, inputs, args, params, ctx, event or workload;
//! - a parameter `auth` or `credentials` that `data` has no key for gets the step's opened credentials, a map by
//!   name, when the step has any;
//! - any other parameter without a default is an error that names it.
//!
//! As in v1, text that is a JSON or python list or map arrives as that list or map; `os`, `json`, `datetime`
//! and `uuid` are there without import. An `async def main` is awaited. Code without `main` is run from top to
//! bottom, and the variable `result` (or nothing) is its result.
//!
//! The process has its own group, folder and environment; all of it is gone when the task has ended, and when
//! this process dies. It may read and write what this process may: it is a fence against accidents, not
//! against attackers.

mod answer;
mod code;
mod crowd;
mod folder;
mod interpreter;
mod job;
mod process;
mod tail;

use crate::{ToolsConfig, within::time_of};
use answer::{RESULT_BYTES, run_failed};
use async_trait::async_trait;
use crowd::PROCESSES;
use folder::Folder;
use job::{Job, Limits};
use process::End;
use protocol::{Task, TaskError, task::Logs};
use std::{
    io,
    path::{Path, PathBuf},
    thread::available_parallelism,
};
use tokio::sync::OnceCell;
use worker::{Cancelled, Provider, Run};

/// The largest file a step may write. Above a step's honest use, below a disk.
const FILE_BYTES: u64 = 4 << 30;

pub struct PythonProvider {
    name: String,
    folders: PathBuf,
    memory_bytes: u64,
    interpreter: OnceCell<PathBuf>,
}

impl PythonProvider {
    pub fn new(config: &ToolsConfig) -> Self {
        Self {
            name: config.python.clone(),
            folders: config.data_dir.join("tmp"),
            memory_bytes: config.python_memory_bytes,
            interpreter: OnceCell::new(),
        }
    }

    /// Where python is. Asked once; the first asking also clears what a killed server left behind.
    async fn interpreter(&self) -> Result<&Path, TaskError> {
        let find = || async {
            let folders = self.folders.clone();
            let _ = tokio::task::spawn_blocking(move || folder::sweep(&folders)).await;
            interpreter::find(&self.name).await
        };
        self.interpreter.get_or_try_init(find).await.map(PathBuf::as_path)
    }

    async fn attempt(&self, task: &Task, cancelled: &mut Cancelled) -> Result<Run, TaskError> {
        let code = code::code_of(&task.config)?;
        let python = self.interpreter().await?;
        let folders = self.folders.clone();
        let folder = blocking(move || Folder::create(&std::path::absolute(folders)?))
            .await
            .map_err(|error| self.cannot_start("make a folder for", &error))?;
        let job = Job {
            code: &code,
            input: &task.input,
            credentials: &task.credentials.0,
            answer: &folder.answer(),
            result_bytes: RESULT_BYTES,
            limits: Limits { memory_bytes: self.memory_bytes, file_bytes: FILE_BYTES },
        };
        let ended = process::run(python, &folder.work(), &job.framed(), time_of(task), cancelled)
            .await
            .map_err(|error| self.cannot_start("start", &error))?;
        Ok(match ended.how {
            Ok(End::Exit(status)) => {
                let outcome = blocking(move || Ok(answer::outcome(&folder.answer(), status)))
                    .await
                    .map_err(|error| self.cannot_start("read the answer of", &error))?;
                Run { outcome, logs: ended.logs }
            }
            Ok(End::Crowd(count)) => {
                remove(folder);
                run_failed(crowded(count), ended.logs)
            }
            Err(stopped) => {
                remove(folder);
                run_failed(stopped.error("the python code"), ended.logs)
            }
        })
    }

    fn cannot_start(&self, what: &str, error: &io::Error) -> TaskError {
        TaskError::new("python_start", format!("cannot {what} a `{}` process: {error}", self.name))
    }
}

#[async_trait]
impl Provider for PythonProvider {
    fn protocols(&self) -> &[&'static str] {
        &["python"]
    }

    /// Twice the cores: python steps wait for files and networks about as often as they compute.
    fn concurrency(&self) -> usize {
        2 * available_parallelism().map_or(1, usize::from)
    }

    async fn run(&self, task: Task, mut cancelled: Cancelled) -> Run {
        match self.attempt(&task, &mut cancelled).await {
            Ok(run) => run,
            Err(error) => run_failed(error, Logs::default()),
        }
    }
}

fn crowded(count: usize) -> TaskError {
    let message = format!("the python code was stopped: it had started {count} processes; the limit is {PROCESSES}");
    TaskError::new("python_processes", message)
}

/// It may take long when the code wrote many files; nobody waits for it.
fn remove(folder: Folder) {
    tokio::task::spawn_blocking(move || drop(folder));
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
