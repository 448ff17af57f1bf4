//! Which items there are, in which order, and what each of them knows.

use super::support::{begun, cities, complete, item, names, open};
use crate::scenario::{Run, workflow};
use serde_json::json;

#[test]
fn items_are_filtered_then_sorted_then_cut_then_put_together() {
    assert_eq!(names("where: '{{ city.n > workload.least }}'"), ["Oslo", "Rome", "Lima"]);
    assert_eq!(names("where: city.n > 2 and _loop.index > 0"), ["Rome", "Lima"]);
    assert_eq!(names("where: city.n > parent.workload.least"), ["Oslo", "Rome", "Lima"]);
    assert_eq!(names("order_by: '{{ city.n }}'"), ["Bern", "Rome", "Oslo", "Lima"]);
    assert_eq!(names("order_by: city.name"), ["Bern", "Lima", "Oslo", "Rome"]);
    assert_eq!(names("order_by: -city.n, limit: 2"), ["Lima", "Oslo"]);
    assert_eq!(names("where: city.n < 9, order_by: city.n, limit: '{{ workload.many }}'"), ["Bern", "Rome"]);
    assert_eq!(names("chunk: 3"), ["Oslo+Rome+Bern", "Lima"]);
    assert_eq!(names("order_by: city.n, limit: 3, chunk: 2"), ["Bern+Rome", "Oslo"]);
}

#[test]
fn equal_keys_keep_the_order_of_the_collection() {
    assert_eq!(names("order_by: city.n > 2"), ["Bern", "Oslo", "Rome", "Lima"]);
}

#[test]
fn an_item_knows_its_name_its_place_and_what_is_around_it() {
    let run = cities(
        "enumerate: true, chunk: 2, data: {own: 5}, task: {type: noop, data: {batch: '{{ batch | length }}', same: '{{ city == batch }}', \
         index: '{{ index }}', loop: '{{ [_loop.index, _loop.current_index, _loop.count] }}', first: '{{ _loop.item[0].name }}', \
         result_index: '{{ each.result_index }}', own: '{{ own }}', parent: '{{ parent.own + parent.workload.least }}'}}",
    );
    assert_eq!(
        *item(&run, 0).input,
        json!({"batch": 2, "same": true, "index": 0, "loop": [0, 0, 2], "first": "Oslo", "result_index": 0, "own": 5, "parent": 7})
    );
    let run = cities("task: {type: noop, data: {i: '{{ index }}'}}");
    assert_eq!(run.error().code, "template_failed", "`index` is known with `enumerate` only");
}

#[test]
fn without_data_an_item_is_its_input() {
    let oslo = json!({"name": "Oslo", "n": 7});
    let input = |fields: &str| (*item(&cities(fields), 0).input).clone();
    assert_eq!(input("task: {type: noop}"), json!({"city": oslo}));
    assert_eq!(input("enumerate: true, task: {type: noop}"), json!({"city": oslo, "index": 0}));
    assert_eq!(input("task: {type: python, code: x}"), json!({"city": oslo, "value": oslo}));
    assert_eq!(input("limit: 1, chunk: 1, task: {type: noop}"), json!({"city": [oslo], "batch": [oslo]}));
}

#[test]
fn fields_of_the_task_are_rendered_for_each_item() {
    let mut run = cities("task: {type: http, url: 'http://x/{{ city.name }}', data: {n: '{{ city.n }}'}}");
    assert_eq!(*item(&run, 0).config, json!({"url": "http://x/Oslo", "data": {"n": 7}}));
    complete(&mut run, 0, json!(1));
    assert_eq!(*item(&run, 1).config, json!({"url": "http://x/Rome", "data": {"n": 3}}));
}

#[test]
fn envelopes_of_items_are_their_data() {
    let mut run = cities("limit: 3, task: {type: noop}");
    complete(&mut run, 0, json!({"status": "success", "data": {"x": 1}}));
    complete(&mut run, 1, json!({"data": {"x": 2}}));
    complete(&mut run, 2, json!(null));
    assert_eq!(run.result(), json!([{"x": 1}, {"data": {"x": 2}}, null]));
}

#[test]
fn older_ways_to_write_it_mean_the_same() {
    for step in [
        "type: iterator, iterator: {collection: [1, 2], element: n, mode: async}, task: {type: noop, data: {x: '{{ n }}'}}",
        "type: iterator, data: [1, 2], element: n, mode: parallel, task: {type: noop, data: {x: '{{ n }}'}}",
        "type: noop, data: {x: '{{ n }}'}, loop: {in: [1, 2], iterator: n, mode: async}",
        "type: noop, data: {x: '{{ n }}'}, loop: {collection: '[1, 2]', element: n, mode: async}",
    ] {
        let run = Run::started(&format!("\n  - {{step: start, {step}}}\n"));
        assert_eq!(open(&run), [0, 1], "{step}");
        assert_eq!(*item(&run, 1).input, json!({"x": 2}), "{step}");
    }
}

#[test]
fn a_collection_can_be_made_in_several_ways() {
    let items = |collection: &str| {
        let run = Run::started(&format!(
            "\n  - {{step: start, type: iterator, collection: {collection}, element: n, task: {{type: noop}}}}\n"
        ));
        (*begun(&run).items).clone()
    };
    assert_eq!(items("[a, '{{ 1 + 1 }}']"), json!(["a", 2]));
    assert_eq!(items("'{{ range(3) }}'"), json!([0, 1, 2]));
    assert_eq!(items("'[{{ 4 }}, 5]'"), json!([4, 5]), "text of a list");
    assert_eq!(items("{a: 1}"), json!([{"key": "a", "value": 1}]));
    for (collection, what) in [("'{{ none }}'", "nothing"), ("'{{ 5 }}'", "a number"), ("abc", "text")] {
        let run = Run::started(&format!(
            "\n  - {{step: start, type: iterator, collection: {collection}, element: n, task: {{type: noop}}}}\n"
        ));
        let error = run.error();
        assert_eq!(error.code, "bad_config");
        assert!(error.message.contains(&format!("came to {what}; it must be a list")), "{}", error.message);
    }
    let steps =
        "\n  - {step: start, type: iterator, collection: '{{ workload.all }}', element: n, task: {type: noop}}\n";
    let mut run = Run::of(&workflow(steps));
    run.start(json!({"all": vec![0; 100_001]}));
    assert_eq!(run.error().code, "too_many_items");
}

#[test]
fn an_expression_that_fails_fails_the_step_and_is_named() {
    for (fields, code) in [("where: city.nope", "condition_failed"), ("order_by: city.nope", "template_failed")] {
        let run = cities(&format!("{fields}, task: {{type: noop}}"));
        assert_eq!(run.error().code, code);
        assert!(run.error().message.contains("city.nope"), "{}", run.error().message);
    }
    let run = cities("limit: '{{ workload.cities }}', task: {type: noop}");
    assert_eq!(run.error().code, "bad_config");
}
