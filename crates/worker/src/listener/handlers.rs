//! S1's handlers: functions by kind of what is told.

use super::{ClientError, Subscription, Told};
use protocol::{
    Envelope, Epoch, Event, Position, Role, Timestamp, Topic,
    event::{AgentState, MemoryTimeline, PerformanceMetric, SystemAlert, WorkflowExecution},
    frame::{GapReason, Limits},
};
use std::time::Duration;

macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident($field:ident: $($told:ty),+);)+) => {
        /// What to call with what is told: at most one function of each kind, the one given last.
        #[derive(Default)]
        pub struct Handlers {
            $($field: Option<Box<dyn FnMut($($told),+) + Send>>,)+
        }

        impl Handlers {
            $($(#[$doc])*
            pub fn $name(mut self, call: impl FnMut($($told),+) + Send + 'static) -> Self {
                self.$field = Some(Box::new(call));
                self
            })+
        }
    };
}

handlers! {
    /// Connected, for the first time or again.
    on_connect(connect: &Epoch, &Limits);
    /// The connection is gone: its close code, why, and after how long the next is tried (`None`: never).
    on_disconnect(disconnect: Option<u16>, &str, Option<Duration>);
    /// Something was wrong which nobody waits for.
    on_error(error: &ClientError);
    /// The server knows whose token it was, and until when it holds.
    on_authenticated(authenticated: &str, Role, Option<Timestamp>);
    /// Every event, once, in order of position within each topic; and the topics subscribed to that it is news of.
    on_event(event: &Envelope, &[Topic]);
    /// Events of the topic after the one position up to the other will not come: fetch the state anew.
    on_gap(gap: &Topic, Position, Position, GapReason);
    on_agent_state(agent_state: &AgentState, &Envelope);
    /// Measurements come in batches.
    on_performance_metrics(performance_metrics: &[PerformanceMetric]);
    on_workflow_execution(workflow_execution: &WorkflowExecution, &Envelope);
    on_memory_timeline(memory_timeline: &MemoryTimeline, &Envelope);
    on_system_alert(system_alert: &SystemAlert, &Envelope);
}

impl Handlers {
    /// Calls those that one thing told concerns.
    pub fn tell(&mut self, told: &Told) {
        match told {
            Told::Connected { epoch, limits } => call(&mut self.connect, |it| it(epoch, limits)),
            Told::Authenticated { name, role, expires_at } => {
                call(&mut self.authenticated, |it| it(name, *role, *expires_at));
            }
            Told::Disconnected { code, why, retry } => call(&mut self.disconnect, |it| it(*code, why, *retry)),
            Told::Event { event, topics } => {
                call(&mut self.event, |it| it(event, topics));
                self.tell_message(event);
            }
            Told::Metrics { metrics, .. } => call(&mut self.performance_metrics, |it| it(metrics)),
            Told::Gap { topic, from, to, reason } => call(&mut self.gap, |it| it(topic, *from, *to, *reason)),
            Told::Error { code, message, temporary } => call(&mut self.error, |it| {
                let (code, message) = (code.clone(), message.clone());
                it(&ClientError::Refused { code, message, temporary: *temporary });
            }),
        }
    }

    fn tell_message(&mut self, event: &Envelope) {
        match &event.event {
            Event::AgentState(state) => call(&mut self.agent_state, |it| it(state, event)),
            Event::PerformanceMetric(metric) => {
                call(&mut self.performance_metrics, |it| it(std::slice::from_ref(metric)));
            }
            Event::WorkflowExecution(update) => call(&mut self.workflow_execution, |it| it(update, event)),
            Event::MemoryTimeline(memory) => call(&mut self.memory_timeline, |it| it(memory, event)),
            Event::SystemAlert(alert) => call(&mut self.system_alert, |it| it(alert, event)),
            _ => {}
        }
    }
}

impl Subscription {
    /// Calls these functions with what is told, here, until the client is closed for good. One that takes its time makes
    /// a slow client, which loses nothing for that; one that panics ends this.
    pub async fn handle(mut self, mut handlers: Handlers) {
        while let Some(told) = self.next().await {
            handlers.tell(&told);
        }
    }
}

fn call<Call: ?Sized>(handler: &mut Option<Box<Call>>, with: impl FnOnce(&mut Call)) {
    if let Some(handler) = handler {
        with(handler);
    }
}
