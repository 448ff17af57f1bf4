"""The types are the server's: samples.json is written by the server's protocol crate."""

import json
import typing
from pathlib import Path

import pytest

from signalbox import messages

WRITTEN = json.loads((Path(__file__).parent / "samples.json").read_text())
SAMPLES = WRITTEN["messages"]
WORDS = {"type", "status", "category", "action", "severity"}


def test_there_is_a_type_for_each_message():
    assert set(SAMPLES) == set(messages.MESSAGES)


def test_there_is_a_type_for_the_data_of_each_event():
    executions = set(typing.get_args(messages.ExecutionEvent))
    assert executions | set(messages.MESSAGES) | {"task_progress"} == set(WRITTEN["event_types"])


@pytest.mark.parametrize("name", sorted(messages.MESSAGES))
def test_a_type_has_the_fields_and_words_of_the_samples(name):
    kind, samples = messages.MESSAGES[name], SAMPLES[name]
    hints = typing.get_type_hints(kind)
    assert set(hints) == set(samples["full"][0])
    assert set(kind.__required_keys__) == set(samples["minimal"])
    for field in WORDS & set(hints):
        assert set(typing.get_args(hints[field])) == {sample[field] for sample in samples["full"]}
    if name == "agent_state":
        assert set(typing.get_type_hints(messages.ResourceUsage)) == set(samples["minimal"]["resourceUsage"])
