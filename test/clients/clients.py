"""What Debian's Python client sees of the local broker.

Called with a connection string for TLS and the file of the certificate. Prints a list of its checks, then one line of JSON for
each. Every check has queues of its own, as main.ts lists them. The list is printed first: the client's AMQP library is native
code, and may end the whole process.
"""
# pylint: disable=wrong-import-position
import datetime
import json
import os
import sys
import time
from urllib.parse import urlsplit

import certifi
import uamqp.constants

connection_string, certificate = sys.argv[1:]
# The client knows one port for AMQP over TLS, and trusts the certificates of the system.
uamqp.constants.DEFAULT_AMQPS_PORT = urlsplit(connection_string.removeprefix("Endpoint=").split(";")[0]).port
certifi.where = lambda: certificate
os.environ["REQUESTS_CA_BUNDLE"] = certificate

from azure.core.exceptions import ResourceNotFoundError
from azure.servicebus import AutoLockRenewer, ServiceBusClient, ServiceBusMessage, ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.exceptions import MessageLockLostError, MessageNotFoundError, ServiceBusError
from azure.servicebus.management import ServiceBusAdministrationClient

client = ServiceBusClient.from_connection_string(connection_string, retry_total=0)
checks = []


def check(name):
    def add(run):
        checks.append((name, run))
        return run
    return add


def equal(expected, actual, what):
    if expected != actual:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def refused(error, attempt, what, text=""):
    try:
        attempt()
    except error as thrown:
        equal(True, text in str(thrown), f"{what}: {thrown} has {text!r}")
        return
    raise AssertionError(f"{what} is not refused")


def send(queue, *messages):
    with client.get_queue_sender(queue) as sender:
        sender.send_messages(list(messages))


def take(receiver, count):
    messages = []
    while len(messages) < count:
        more = receiver.receive_messages(max_message_count=count - len(messages), max_wait_time=5)
        equal(True, len(more) > 0, f"more than {len(messages)} of {count} messages come")
        messages.extend(more)
    return messages


def later(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


@check("send, receive and complete, with all fields")
def fields():
    send("py-fields", ServiceBusMessage(
        b"body", message_id="m", subject="s", correlation_id="c", content_type="text/plain", to="t", reply_to="r",
        application_properties={"text": "x", "number": 5, "real": 1.5, "flag": True}))
    with client.get_queue_receiver("py-fields") as receiver:
        (message,) = take(receiver, 1)
        equal(b"body", b"".join(message.body), "body")
        equal(("m", "s", "c", "text/plain", "t", "r"), (
            message.message_id, message.subject, message.correlation_id, message.content_type, message.to, message.reply_to),
            "fields")
        equal({b"text": b"x", b"number": 5, b"real": 1.5, b"flag": True}, message.application_properties, "properties")
        receiver.complete_message(message)


@check("a message and a batch of more than one frame")
def large():
    send("py-large", ServiceBusMessage(b"x" * 200_000))
    with client.get_queue_sender("py-large") as sender:
        batch = sender.create_message_batch()
        for _ in range(24):
            batch.add_message(ServiceBusMessage(b"x" * 10_000))
        sender.send_messages(batch)
    with client.get_queue_receiver("py-large") as receiver:
        messages = take(receiver, 25)
        equal(200_000, len(b"".join(messages[0].body)), "bytes")
        for message in messages:
            receiver.complete_message(message)


@check("prefetch with a backlog: each message comes once")
def prefetch():
    send("py-prefetch", *(ServiceBusMessage("x", message_id=f"m{nth}") for nth in range(200)))
    with client.get_queue_receiver("py-prefetch", prefetch_count=50) as receiver:
        seen = []
        while len(seen) < 200:
            for message in take(receiver, 1):
                seen.append(message.message_id)
                receiver.complete_message(message)
        equal(200, len(set(seen)), "messages")
    with client.get_queue_receiver("py-prefetch") as receiver:
        equal(0, len(receiver.peek_messages(10)), "messages left")


@check("receive and delete with prefetch loses nothing")
def prefetch_and_delete():
    send("py-delete", *(ServiceBusMessage("x") for _ in range(100)))
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    with client.get_queue_receiver("py-delete", prefetch_count=20, receive_mode=mode) as receiver:
        take(receiver, 100)


@check("two links that open together both receive")
def two_links():
    send("py-two-a", ServiceBusMessage("x"))
    send("py-two-b", ServiceBusMessage("x"))
    with client.get_queue_receiver("py-two-a") as a, client.get_queue_receiver("py-two-b") as b:
        for receiver in (a, b):
            (message,) = take(receiver, 1)
            receiver.complete_message(message)


@check("16 handlers outlast their locks, which are renewed")
def renewer():
    send("py-long", *(ServiceBusMessage("x") for _ in range(16)))
    # The client renews no more locks at once than it has threads.
    with AutoLockRenewer(max_workers=20) as locks, client.get_queue_receiver("py-long") as receiver:
        messages = take(receiver, 16)
        for message in messages:
            locks.register(receiver, message, max_lock_renewal_duration=60)
        time.sleep(6)
        for message in messages:
            receiver.complete_message(message)
        equal(0, len(receiver.peek_messages(10)), "messages left")


@check("a lock is renewed")
def renew():
    send("py-renew", ServiceBusMessage("x"))
    with client.get_queue_receiver("py-renew") as receiver:
        (message,) = take(receiver, 1)
        before = message.locked_until_utc
        time.sleep(0.1)
        receiver.renew_message_lock(message)
        equal(True, message.locked_until_utc > before, "lock is longer")
        receiver.complete_message(message)


@check("a lost lock has its reason, and the message comes again")
def lost_lock():
    send("py-lock", ServiceBusMessage("x"))
    with client.get_queue_receiver("py-lock") as receiver:
        (first,) = take(receiver, 1)
        (again,) = take(receiver, 1)
        equal(1, again.delivery_count, "deliveries before")
        refused(MessageLockLostError, lambda: receiver.renew_message_lock(first), "renewing a lost lock")
        # The client looks at its own clock first, and says it with the error that all others derive from.
        refused(ServiceBusError, lambda: receiver.complete_message(first), "completing", "has expired")
        receiver.complete_message(again)


@check("schedule and cancel")
def schedule():
    with client.get_queue_sender("py-schedule") as sender, client.get_queue_receiver("py-schedule") as receiver:
        due = later(2)
        sender.schedule_messages(ServiceBusMessage("due"), due)
        (number,) = sender.schedule_messages(ServiceBusMessage("far"), later(3_600))
        equal(2, len(receiver.peek_messages(10)), "scheduled")
        sender.cancel_scheduled_messages(number)
        refused(MessageNotFoundError, lambda: sender.cancel_scheduled_messages(number), "cancelling twice")
        large = ServiceBusMessage(b"x" * 270_000)
        refused(ServiceBusError, lambda: sender.schedule_messages(large, due), "270 KB", "message-size-exceeded")
        (message,) = take(receiver, 1)
        equal("due", str(message), "body")
        receiver.complete_message(message)
        equal(0, len(receiver.peek_messages(10)), "messages left")


@check("defer")
def defer():
    send("py-defer", ServiceBusMessage("x"))
    with client.get_queue_receiver("py-defer") as receiver:
        (message,) = take(receiver, 1)
        receiver.defer_message(message)
        (deferred,) = receiver.receive_deferred_messages(message.sequence_number)
        receiver.complete_message(deferred)
        refused(MessageNotFoundError, lambda: receiver.receive_deferred_messages(message.sequence_number), "a settled one")


@check("peek")
def peek():
    send("py-peek", *(ServiceBusMessage("x") for _ in range(30)))
    with client.get_queue_receiver("py-peek") as receiver:
        seen = []
        while more := receiver.peek_messages(7, sequence_number=len(seen) and seen[-1] + 1):
            seen.extend(message.sequence_number for message in more)
        equal(30, len(set(seen)), "messages")


@check("dead letters, by reason and by count")
def dead_letters():
    send("py-dead", ServiceBusMessage("x"))
    with client.get_queue_receiver("py-dead") as receiver, client.get_queue_receiver(
            "py-dead", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead:
        (message,) = take(receiver, 1)
        receiver.dead_letter_message(message, reason="a reason", error_description="a description")
        (letter,) = take(dead, 1)
        equal(("a reason", "a description"), (letter.dead_letter_reason, letter.dead_letter_error_description), "reason")
        dead.complete_message(letter)
        send("py-dead", ServiceBusMessage("x"))
        for nth in range(3):
            (message,) = take(receiver, 1)
            equal(nth, message.delivery_count, "deliveries before")
            receiver.abandon_message(message)
        (letter,) = take(dead, 1)
        equal("MaxDeliveryCountExceeded", letter.dead_letter_reason, "reason")
        dead.complete_message(letter)


@check("a topic gives each subscription a copy")
def topic():
    with client.get_topic_sender("py-events") as sender:
        sender.send_messages(ServiceBusMessage("event"))
    for subscription in ("one", "two"):
        with client.get_subscription_receiver("py-events", subscription) as receiver:
            (message,) = take(receiver, 1)
            equal("event", str(message), subscription)
            receiver.complete_message(message)


@check("what is not there, and sessions, are refused")
def refusals():
    refused(ServiceBusError, lambda: send("py-none", ServiceBusMessage("x")), "an unknown queue", "could not be found")

    def session():
        with client.get_queue_receiver("py-peek", session_id="s") as receiver:
            receiver.receive_messages(max_wait_time=1)
    refused(ServiceBusError, session, "a session", "Sessions are not supported")


@check("admin: entities are created, read, listed and deleted")
def administration():
    admin = ServiceBusAdministrationClient.from_connection_string(connection_string)
    with admin:
        admin.create_queue("py-made", max_delivery_count=4, lock_duration="PT7S")
        made = admin.get_queue("py-made")
        equal((4, datetime.timedelta(seconds=7)), (made.max_delivery_count, made.lock_duration), "settings")
        send("py-made", ServiceBusMessage("x"))
        equal(1, admin.get_queue_runtime_properties("py-made").active_message_count, "messages")
        equal(True, "py-made" in [queue.name for queue in admin.list_queues()], "is listed")
        admin.create_topic("py-made-topic")
        admin.create_subscription("py-made-topic", "mine", max_delivery_count=6)
        equal(6, admin.get_subscription("py-made-topic", "mine").max_delivery_count, "subscription")
        equal(0, admin.get_subscription_runtime_properties("py-made-topic", "mine").total_message_count, "messages")
        equal(["mine"], [one.name for one in admin.list_subscriptions("py-made-topic")], "subscriptions")
        equal(["$Default"], [rule.name for rule in admin.list_rules("py-made-topic", "mine")], "rules")
        equal("Standard", admin.get_namespace_properties().messaging_sku, "namespace")
        admin.delete_subscription("py-made-topic", "mine")
        admin.delete_topic("py-made-topic")
        admin.delete_queue("py-made")
        refused(ResourceNotFoundError, lambda: admin.get_queue("py-made"), "a queue that is gone")
        refused(ResourceNotFoundError, lambda: admin.get_topic("py-made-topic"), "a topic that is gone")


def say(what):
    print(json.dumps(what), flush=True)


say({"checks": [name for name, _ in checks]})
for name, run in checks:
    error = None
    try:
        run()
    except Exception as thrown:  # pylint: disable=broad-except
        error = f"{type(thrown).__name__}: {thrown}".split("\n", maxsplit=1)[0]
    say({"check": name, "error": error})
client.close()
