import json

from sentry_sdk.transport import Transport


class RecordingTransport(Transport):
    """Records the events that would go to Sentry."""

    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is None:
            return
        with open("events.jsonl", "a") as file:
            problem = event["exception"]["values"][-1]
            kept = {key: event.get(key) for key in ("environment", "release", "tags")}
            file.write(json.dumps({**kept, "type": problem["type"], "value": problem["value"]}) + "\n")
