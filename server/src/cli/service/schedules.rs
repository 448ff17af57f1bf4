//! Schedules.

use super::{embedded::Embedded, remote::Remote};
use async_trait::async_trait;
use protocol::{
    Problem,
    api::{ScheduleDetail, ScheduleList, ScheduleQuery, ScheduleRequest, Submitted},
};

#[async_trait]
pub(in crate::cli) trait Schedules {
    async fn schedules(&self, query: ScheduleQuery) -> Result<ScheduleList, Problem>;
    async fn schedule(&self, name: &str) -> Result<ScheduleDetail, Problem>;
    async fn put_schedule(&self, name: &str, request: ScheduleRequest) -> Result<ScheduleDetail, Problem>;
    async fn delete_schedule(&self, name: &str) -> Result<(), Problem>;
    async fn pause_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem>;
    async fn resume_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem>;
    async fn run_schedule(&self, name: &str) -> Result<Submitted, Problem>;
}

#[async_trait]
impl Schedules for Embedded {
    async fn schedules(&self, query: ScheduleQuery) -> Result<ScheduleList, Problem> {
        self.api.schedules(query).await
    }

    async fn schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.api.schedule(name).await
    }

    async fn put_schedule(&self, name: &str, request: ScheduleRequest) -> Result<ScheduleDetail, Problem> {
        Ok(self.api.put_schedule(name, request).await?.0)
    }

    async fn delete_schedule(&self, name: &str) -> Result<(), Problem> {
        self.api.delete_schedule(name).await
    }

    async fn pause_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.api.pause_schedule(name).await
    }

    async fn resume_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.api.resume_schedule(name).await
    }

    async fn run_schedule(&self, name: &str) -> Result<Submitted, Problem> {
        self.api.run_schedule(name, None).await
    }
}

#[async_trait]
impl Schedules for Remote {
    async fn schedules(&self, query: ScheduleQuery) -> Result<ScheduleList, Problem> {
        self.find("schedules", &query).await
    }

    async fn schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.get(&at(name)).await
    }

    async fn put_schedule(&self, name: &str, request: ScheduleRequest) -> Result<ScheduleDetail, Problem> {
        self.put(&at(name), &request).await
    }

    async fn delete_schedule(&self, name: &str) -> Result<(), Problem> {
        self.delete(&at(name)).await
    }

    async fn pause_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.poke(&format!("{}/pause", at(name))).await
    }

    async fn resume_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.poke(&format!("{}/resume", at(name))).await
    }

    async fn run_schedule(&self, name: &str) -> Result<Submitted, Problem> {
        self.poke(&format!("{}/run", at(name))).await
    }
}

fn at(name: &str) -> String {
    format!("schedules/{}", super::segment(name))
}
