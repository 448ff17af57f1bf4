//! The promises of [`crate::Store`], one function each. [`suite!`](crate::suite) makes a test of every one of
//! them for a backend; a new promise is a new function and a line there.

pub mod access;
pub mod admission;
pub mod approvals;
pub mod blobs;
pub mod cluster;
pub mod committing;
pub mod copying;
pub mod credentials;
pub mod feed;
pub mod grouping;
pub mod history;
pub mod lineage;
pub mod listing;
pub mod metrics;
pub mod playbooks;
pub mod postgres;
pub mod queue;
pub mod rebuilding;
pub mod refusing;
pub mod restarting;
pub mod retention;
pub mod sample;
pub mod schedules;
pub mod servers;
pub mod streams;
pub mod submissions;
pub mod views;

use crate::Store;
use async_trait::async_trait;
use std::sync::Arc;

/// One database under test.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Opens it: empty the first time; after `close`, with what was committed, if [`Backend::keeps`].
    async fn open(&self) -> Arc<dyn Store>;

    /// Whether it outlives a closed store.
    fn keeps(&self) -> bool;
}

/// One test per promise: `store::suite!(MyBackend::new());`, the expression making a fresh [`Backend`].
#[macro_export]
macro_rules! suite {
    ($backend:expr) => {
        $crate::suite!(@tests $backend;
            committing: applies_a_commit_whole, conflict_fails_alone_and_names_what_it_found,
                one_of_many_racing_commits_wins, same_commit_id_applies_once,
                same_commit_id_at_another_version_applies_once, commit_without_events_answers_the_head,
                values_come_back_as_they_were, dropped_calls_are_whole_or_absent, tasks_are_added_claimed_and_settled;
            grouping: concurrent_commits_share_flushes, commits_of_one_execution_in_one_group_follow_each_other,
                a_task_added_again_in_the_same_group_stays, positions_are_gap_free_under_concurrency,
                a_bad_row_fails_alone;
            refusing: too_much_is_refused_at_once, contradictions_are_refused, a_nul_in_a_name_is_refused,
                a_task_cannot_be_added_twice;
            feed: every_batch_arrives_in_position_order, the_feed_is_handed_out_once_and_ends_with_the_store;
            history: every_topic_replays_what_was_seen_live, pages_of_an_execution_join_without_a_seam,
                large_events_end_a_page_early, rare_workflows_are_found_however_long_the_log,
                event_rate_counts_by_second;
            listing: pages_join_and_filters_agree_with_a_scan, text_finds_parts_of_paths_and_ids,
                counts_agree_with_the_list_at_one_position, newest_by_path_is_found, active_executions_are_paged_by_id;
            playbooks: equal_content_is_registered_once, versions_count_up_without_gaps_under_concurrency,
                what_was_read_says_how_long_it_is_true;
            servers: a_lease_is_renewed_and_ends, only_what_nobody_alive_owns_is_taken_over,
                an_execution_is_taken_over_by_one_of_many, tasks_of_servers_that_are_gone_are_found;
            admission: so_many_hold_a_place_at_once, a_crowd_never_exceeds_the_limit,
                places_of_what_is_gone_are_swept, a_rate_is_kept_and_says_when, a_crowd_never_exceeds_the_rate;
            access: a_users_name_is_theirs, a_session_ends, sessions_of_a_user_are_bounded, a_token_ends,
                what_overlaps_a_removal_does_not_survive_it;
            credentials: a_credential_is_kept_under_its_name, resealing_yields_to_a_new_value;
            schedules: a_schedule_is_kept_under_its_name, due_is_what_should_have_fired,
                one_of_many_moves_a_schedule_on;
            submissions: a_key_submits_one_execution, of_many_with_one_key_one_is_submitted;
            lineage: children_reruns_and_triggers_are_found, the_list_is_filtered_by_origin;
            queue: queued_executions_are_let_in_in_order;
            approvals: an_approval_waits_until_its_visit_is_over, the_inbox_is_read_in_order;
            blobs: large_values_are_referred_to, what_is_taken_over_is_referred_to,
                a_reference_leads_only_to_values_of_its_own_execution, values_have_their_limits;
            views: events_are_told_in_the_order_of_the_log, events_have_their_columns,
                an_execution_shows_its_workflow;
            copying: a_restored_store_is_the_one_that_was_copied, a_store_is_made_from_another_kinds_copy,
                a_damaged_copy_is_told, a_copy_is_of_one_moment;
            rebuilding: what_is_computed_anew_is_what_was_kept;
            retention: what_ended_long_ago_goes_whole, what_waits_to_be_run_again_stays, a_history_says_where_it_begins,
                old_alerts_go;
            metrics: measurements_of_one_time_add_up, the_queue_is_what_nobody_has_taken;
            streams: the_newest_of_each_subject_is_found;
            restarting: everything_is_there_after_reopening, close_flushes_what_is_queued_and_refuses_the_rest;
        );
    };
    (@tests $backend:expr; $($module:ident: $($case:ident),+;)+) => {
        $(mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::$module::$case(&$backend).await;
            })+
        })+
    };
}
