// What the official .NET client sees of the local broker. Called with a connection string. Prints a list of its checks, then one
// line of JSON for each. Every check has queues of its own, as main.ts lists them.
using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;

var connectionString = args[0];
var options = new ServiceBusClientOptions
{
    RetryOptions = new ServiceBusRetryOptions { MaxRetries = 0, TryTimeout = TimeSpan.FromSeconds(15) },
};
await using var client = new ServiceBusClient(connectionString, options);
var admin = new ServiceBusAdministrationClient(connectionString);

var checks = new (string Name, Func<Task> Run)[]
{
    ("two links that open together both receive", TwoLinks),
    ("16 calls outlast their locks, which are renewed: each message comes once", LongCalls),
    ("16 calls outlast their locks, which are not renewed: each message comes again", LostCalls),
    ("a processor prefetches from a backlog: each message comes once", Prefetch),
    ("receive and delete with prefetch loses nothing", PrefetchAndDelete),
    ("16 locks are renewed at once", RenewTogether),
    ("a lost lock has its reason", LostLock),
    ("what nobody waited for is not counted as delivered", Release),
    ("schedule and cancel", Schedule),
    ("a scheduled message that is too large is refused", ScheduleTooLarge),
    ("defer keeps the types of properties", Defer),
    ("peek", Peek),
    ("dead letters, by reason and by count", DeadLetters),
    ("a full batch and a message that is too large", Sizes),
    ("a topic gives each subscription a copy", Topic),
    ("sessions are refused", Sessions),
    ("admin: queues are created, read, listed and deleted", AdminQueues),
    ("admin: topics and subscriptions are created, read, listed and deleted", AdminTopics),
    ("admin: counts, deferred messages among the active", AdminCounts),
    ("admin: what is not there, what is there already, what is left out", AdminRefusals),
};

Console.WriteLine(JsonSerializer.Serialize(new { checks = checks.Select(check => check.Name) }));
foreach (var (name, run) in checks)
{
    string? error = null;
    try
    {
        await run().WaitAsync(TimeSpan.FromSeconds(60));
    }
    catch (Exception thrown)
    {
        error = $"{thrown.GetType().Name}: {thrown.Message.Split('\n')[0]}";
    }
    Console.WriteLine(JsonSerializer.Serialize(new { check = name, error }));
}

async Task TwoLinks()
{
    // A connection of its own: its first two links are the ones that open together.
    await using var fresh = new ServiceBusClient(connectionString, options);
    var senders = new[] { client.CreateSender("net-two-a"), client.CreateSender("net-two-b") };
    for (var round = 0; round < 2; round++)
    {
        foreach (var sender in senders) await sender.SendMessageAsync(new ServiceBusMessage("x"));
    }
    var receivers = new[] { fresh.CreateReceiver("net-two-a"), fresh.CreateReceiver("net-two-b") };
    for (var round = 0; round < 2; round++)
    {
        var got = await Task.WhenAll(receivers.Select(receiver => receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5))));
        Equal(2, got.Count(message => message != null), "messages received");
        await Task.WhenAll(receivers.Select((receiver, index) => receiver.CompleteMessageAsync(got[index])));
    }
}

async Task LongCalls()
{
    var lockDuration = TimeSpan.FromSeconds(3);
    await SendMany("net-long", 32);
    var handled = await Process("net-long", 32, new() { MaxConcurrentCalls = 16 }, () => Task.Delay(2 * lockDuration));
    Equal(32, handled.Messages.Count, "calls");
    Equal(32, handled.Messages.Distinct().Count(), "messages");
    Equal("", handled.Errors, "errors");
    Equal(0, (await admin.GetQueueRuntimePropertiesAsync("net-long")).Value.TotalMessageCount, "messages left");
}

async Task LostCalls()
{
    await SendMany("net-lost", 16);
    var calls = 0;
    // The first call of each message outlasts its lock.
    var handled = await Process("net-lost", 32, new() { MaxConcurrentCalls = 16, MaxAutoLockRenewalDuration = TimeSpan.Zero },
        () => Interlocked.Increment(ref calls) <= 16 ? Task.Delay(TimeSpan.FromSeconds(4)) : Task.CompletedTask);
    Equal(32, handled.Messages.Count, "calls");
    Equal(16, handled.Messages.Distinct().Count(), "messages");
    Equal("MessageLockLost", handled.Errors, "errors");
    Equal(0, (await admin.GetQueueRuntimePropertiesAsync("net-lost")).Value.TotalMessageCount, "messages left");
}

async Task Prefetch()
{
    await SendMany("net-prefetch", 300);
    var handled = await Process("net-prefetch", 300, new() { MaxConcurrentCalls = 16, PrefetchCount = 20 }, () => Task.CompletedTask);
    Equal(300, handled.Messages.Count, "calls");
    Equal(300, handled.Messages.Distinct().Count(), "messages");
    Equal("", handled.Errors, "errors");
    Equal(0, (await admin.GetQueueRuntimePropertiesAsync("net-prefetch")).Value.TotalMessageCount, "messages left");
}

async Task PrefetchAndDelete()
{
    for (var round = 0; round < 10; round++)
    {
        await SendMany("net-delete", 10);
        await using var receiver = client.CreateReceiver("net-delete",
            new ServiceBusReceiverOptions { PrefetchCount = 10, ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        for (var nth = 0; nth < 10; nth++)
        {
            var message = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
            Equal(false, message == null, $"nothing came in round {round}");
        }
    }
}

async Task RenewTogether()
{
    await SendMany("net-renew", 16);
    await using var receiver = client.CreateReceiver("net-renew");
    var messages = await ReceiveMany(receiver, 16);
    var before = messages.Select(message => message.LockedUntil).ToList();
    await Task.Delay(100);
    await Task.WhenAll(messages.Select(message => receiver.RenewMessageLockAsync(message)));
    Equal(16, messages.Where((message, nth) => message.LockedUntil > before[nth]).Count(), "locks renewed");
    await Task.WhenAll(messages.Select(message => receiver.CompleteMessageAsync(message)));
}

async Task LostLock()
{
    await SendMany("net-lock", 1);
    await using var receiver = client.CreateReceiver("net-lock");
    var first = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
    var again = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(10));
    Equal(2, again.DeliveryCount, "deliveries");
    Equal(ServiceBusFailureReason.MessageLockLost, await ReasonOf(receiver.RenewMessageLockAsync(first)), "renew");
    Equal(ServiceBusFailureReason.MessageLockLost, await ReasonOf(receiver.CompleteMessageAsync(first)), "complete");
    await receiver.CompleteMessageAsync(again);
}

async Task Release()
{
    await using var receiver = client.CreateReceiver("net-release");
    var sender = client.CreateSender("net-release");
    for (var round = 0; round < 20; round++)
    {
        // What arrives when the wait ends is given back by the client.
        var waiting = receiver.ReceiveMessageAsync(TimeSpan.FromMilliseconds(50));
        await Task.Delay(40 + round);
        await sender.SendMessageAsync(new ServiceBusMessage("x"));
        var message = await waiting ?? await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(10));
        Equal(1, message.DeliveryCount, $"deliveries in round {round}");
        await receiver.CompleteMessageAsync(message);
    }
}

async Task Schedule()
{
    await using var receiver = client.CreateReceiver("net-schedule");
    var sender = client.CreateSender("net-schedule");
    var due = DateTimeOffset.UtcNow.AddSeconds(2);
    await sender.ScheduleMessageAsync(new ServiceBusMessage("due"), due);
    var number = await sender.ScheduleMessageAsync(new ServiceBusMessage("far"), DateTimeOffset.UtcNow.AddHours(1));
    Equal(2, (await receiver.PeekMessagesAsync(10)).Count(message => message.State == ServiceBusMessageState.Scheduled), "scheduled");
    await sender.CancelScheduledMessageAsync(number);
    Equal(ServiceBusFailureReason.MessageNotFound, await ReasonOf(sender.CancelScheduledMessageAsync(number)), "cancel twice");
    var message = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(10));
    Equal("due", message.Body.ToString(), "body");
    Equal(true, message.EnqueuedTime >= due.AddMilliseconds(-1), "comes when it is due");
    await receiver.CompleteMessageAsync(message);
    Equal(0, (await receiver.PeekMessagesAsync(10)).Count, "messages left");
}

async Task ScheduleTooLarge()
{
    var sender = client.CreateSender("net-schedule-large");
    var half = new ServiceBusMessage(new byte[150 * 1024]);
    var later = DateTimeOffset.UtcNow.AddHours(1);
    Equal(ServiceBusFailureReason.MessageSizeExceeded,
        await ReasonOf(sender.ScheduleMessageAsync(new ServiceBusMessage(new byte[300 * 1024]), later)), "one");
    Equal(ServiceBusFailureReason.MessageSizeExceeded,
        await ReasonOf(sender.ScheduleMessagesAsync([half, half], later)), "two together");
    Equal(0, (await client.CreateReceiver("net-schedule-large").PeekMessagesAsync(10)).Count, "messages taken");
}

async Task Defer()
{
    var given = new Dictionary<string, object>
    {
        ["byte"] = (byte)1, ["sbyte"] = (sbyte)-1, ["short"] = (short)-2, ["ushort"] = (ushort)2, ["int"] = -3, ["uint"] = 3u,
        ["long"] = long.MaxValue, ["ulong"] = ulong.MaxValue, ["float"] = 1.5f, ["double"] = 2.0, ["decimal"] = 7.25m,
        ["char"] = 'c', ["bool"] = true, ["guid"] = Guid.NewGuid(), ["text"] = "text", ["uri"] = new Uri("https://example.org/"),
        ["date"] = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), ["span"] = TimeSpan.FromMinutes(3),
        ["offset"] = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };
    await SendMany("net-defer", 1);
    await using var receiver = client.CreateReceiver("net-defer");
    var message = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
    await receiver.DeferMessageAsync(message);
    // A deferred message is settled over the management node, with what is to be changed.
    var deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
    await receiver.AbandonMessageAsync(deferred, given);
    var again = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
    foreach (var (name, value) in given)
    {
        Equal(value.GetType(), again.ApplicationProperties[name].GetType(), $"type of {name}");
        Equal(value, again.ApplicationProperties[name], name);
    }
    Equal(ServiceBusMessageState.Deferred, again.State, "state");
    await receiver.CompleteMessageAsync(again);
    Equal(ServiceBusFailureReason.MessageNotFound, await ReasonOf(receiver.ReceiveDeferredMessageAsync(message.SequenceNumber)), "gone");
}

async Task Peek()
{
    await SendMany("net-peek", 30);
    await using var receiver = client.CreateReceiver("net-peek");
    var seen = new List<long>();
    for (var more = await receiver.PeekMessagesAsync(7); more.Count > 0; more = await receiver.PeekMessagesAsync(7))
        seen.AddRange(more.Select(message => message.SequenceNumber));
    Equal(30, seen.Distinct().Count(), "messages");
    await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => receiver.PeekMessageAsync(0)));
    await ReceiveMany(receiver, 30, complete: true);
}

async Task DeadLetters()
{
    await SendMany("net-dead", 1);
    await using var receiver = client.CreateReceiver("net-dead");
    await using var dead = client.CreateReceiver("net-dead", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
    await receiver.DeadLetterMessageAsync(await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5)), "a reason", "a description");
    var letter = await dead.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
    Equal("a reason", letter.DeadLetterReason, "reason");
    Equal("a description", letter.DeadLetterErrorDescription, "description");
    await dead.CompleteMessageAsync(letter);
    await SendMany("net-dead", 1);
    for (var nth = 1; nth <= 3; nth++)
    {
        var message = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
        Equal(nth, message.DeliveryCount, "deliveries");
        await receiver.AbandonMessageAsync(message);
    }
    letter = await dead.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
    Equal("MaxDeliveryCountExceeded", letter.DeadLetterReason, "reason");
    await dead.CompleteMessageAsync(letter);
}

async Task Sizes()
{
    var sender = client.CreateSender("net-sizes");
    using var batch = await sender.CreateMessageBatchAsync();
    while (batch.TryAddMessage(new ServiceBusMessage(new byte[10_000]))) { }
    await sender.SendMessagesAsync(batch);
    await using var receiver = client.CreateReceiver("net-sizes");
    await ReceiveMany(receiver, batch.Count, complete: true);
    Equal(ServiceBusFailureReason.MessageSizeExceeded,
        await ReasonOf(sender.SendMessageAsync(new ServiceBusMessage(new byte[300 * 1024]))), "body");
    var wide = new ServiceBusMessage("x");
    for (var nth = 0; nth < 10; nth++) wide.ApplicationProperties[$"p{nth}"] = new string('x', 8 * 1024);
    Equal(ServiceBusFailureReason.MessageSizeExceeded, await ReasonOf(sender.SendMessageAsync(wide)), "properties");
}

async Task Topic()
{
    await client.CreateSender("net-events").SendMessageAsync(new ServiceBusMessage("event") { Subject = "s" });
    foreach (var subscription in new[] { "one", "two" })
    {
        await using var receiver = client.CreateReceiver("net-events", subscription);
        var message = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
        Equal("event s", $"{message.Body} {message.Subject}", subscription);
        await receiver.CompleteMessageAsync(message);
    }
}

async Task Sessions()
{
    var error = await ErrorOf(client.AcceptNextSessionAsync("net-peek"));
    Equal("InvalidOperationException", error.GetType().Name, "error");
}

async Task AdminQueues()
{
    var made = (await admin.CreateQueueAsync(new CreateQueueOptions("net-made/queue")
    {
        LockDuration = TimeSpan.FromSeconds(7), MaxDeliveryCount = 4, DefaultMessageTimeToLive = TimeSpan.FromHours(5),
        DeadLetteringOnMessageExpiration = true,
    })).Value;
    Equal("net-made/queue", made.Name, "name");
    var read = (await admin.GetQueueAsync("net-made/queue")).Value;
    Equal("00:00:07 4 05:00:00 True", $"{read.LockDuration} {read.MaxDeliveryCount} {read.DefaultMessageTimeToLive} {read.DeadLetteringOnMessageExpiration}", "settings");
    await SendMany("net-made/queue", 1);
    await using var receiver = client.CreateReceiver("net-made/queue");
    var message = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5));
    Equal(true, message.LockedUntil < DateTimeOffset.UtcNow.AddSeconds(8), "lock");
    Equal(true, (await NamesOf(admin.GetQueuesAsync(), queue => queue.Name)).Contains("net-made/queue"), "is listed");
    // More than a page.
    for (var nth = 0; nth < 105; nth++) await admin.CreateQueueAsync($"net-many-{nth}");
    Equal(105, (await NamesOf(admin.GetQueuesAsync(), queue => queue.Name)).Count(name => name.StartsWith("net-many-")), "listed");
    Equal(105, (await NamesOf(admin.GetQueuesRuntimePropertiesAsync(), queue => queue.Name)).Count(name => name.StartsWith("net-many-")), "counted");
    await admin.DeleteQueueAsync("net-made/queue");
    for (var nth = 0; nth < 105; nth++) await admin.DeleteQueueAsync($"net-many-{nth}");
    Equal(false, (await admin.QueueExistsAsync("net-made/queue")).Value, "exists");
    Equal(ServiceBusFailureReason.MessagingEntityNotFound, await ReasonOf(SendMany("net-made/queue", 1)), "send to it");
}

async Task AdminTopics()
{
    await admin.CreateTopicAsync("net-made-topic");
    var made = (await admin.CreateSubscriptionAsync(new CreateSubscriptionOptions("net-made-topic", "mine") { MaxDeliveryCount = 6 })).Value;
    Equal("net-made-topic mine 6", $"{made.TopicName} {made.SubscriptionName} {made.MaxDeliveryCount}", "subscription");
    await client.CreateSender("net-made-topic").SendMessageAsync(new ServiceBusMessage("event"));
    Equal(1, (await admin.GetSubscriptionRuntimePropertiesAsync("net-made-topic", "mine")).Value.ActiveMessageCount, "messages");
    Equal(1, (await admin.GetTopicRuntimePropertiesAsync("net-made-topic")).Value.SubscriptionCount, "subscriptions");
    Equal(true, (await admin.SubscriptionExistsAsync("net-made-topic", "mine")).Value, "exists");
    Equal(6, (await admin.GetSubscriptionAsync("net-made-topic", "mine")).Value.MaxDeliveryCount, "settings");
    Equal("net-events net-made-topic", string.Join(' ', (await NamesOf(admin.GetTopicsAsync(), topic => topic.Name)).Where(name => name.StartsWith("net-")).Order()), "topics");
    Equal("one two", string.Join(' ', (await NamesOf(admin.GetSubscriptionsAsync("net-events"), one => one.SubscriptionName)).Order()), "subscriptions listed");
    Equal("one two", string.Join(' ', (await NamesOf(admin.GetSubscriptionsRuntimePropertiesAsync("net-events"), one => one.SubscriptionName)).Order()), "subscriptions counted");
    Equal("$Default", string.Join(' ', await NamesOf(admin.GetRulesAsync("net-made-topic", "mine"), rule => rule.Name)), "rules");
    await admin.DeleteSubscriptionAsync("net-made-topic", "mine");
    Equal(false, (await admin.SubscriptionExistsAsync("net-made-topic", "mine")).Value, "exists");
    await admin.DeleteTopicAsync("net-made-topic");
    Equal(false, (await admin.TopicExistsAsync("net-made-topic")).Value, "topic exists");
}

async Task AdminCounts()
{
    await SendMany("net-counts", 4);
    await using var receiver = client.CreateReceiver("net-counts");
    var messages = await ReceiveMany(receiver, 3);
    await receiver.DeferMessageAsync(messages[0]);
    await receiver.DeadLetterMessageAsync(messages[1]);
    await client.CreateSender("net-counts").ScheduleMessageAsync(new ServiceBusMessage("x"), DateTimeOffset.UtcNow.AddHours(1));
    var counts = (await admin.GetQueueRuntimePropertiesAsync("net-counts")).Value;
    // Waiting, locked and deferred.
    Equal("3 1 1 5", $"{counts.ActiveMessageCount} {counts.DeadLetterMessageCount} {counts.ScheduledMessageCount} {counts.TotalMessageCount}", "counts");
    Equal(MessagingSku.Standard, (await admin.GetNamespacePropertiesAsync()).Value.MessagingSku, "namespace");
}

async Task AdminRefusals()
{
    Equal(ServiceBusFailureReason.MessagingEntityNotFound, await ReasonOf(admin.GetQueueAsync("net-none")), "get");
    Equal(ServiceBusFailureReason.MessagingEntityNotFound, await ReasonOf(admin.GetSubscriptionAsync("net-events", "none")), "subscription");
    Equal(ServiceBusFailureReason.MessagingEntityNotFound, await ReasonOf(admin.DeleteQueueAsync("net-none")), "delete");
    Equal(ServiceBusFailureReason.MessagingEntityAlreadyExists, await ReasonOf(admin.CreateQueueAsync("net-peek")), "create");
    Equal(ServiceBusFailureReason.MessagingEntityAlreadyExists, await ReasonOf(admin.CreateSubscriptionAsync("net-events", "one")), "subscription twice");
    var error = await ErrorOf(admin.CreateQueueAsync(new CreateQueueOptions("net-sessions") { RequiresSession = true }));
    Equal(true, error.Message.Contains("sessions are not supported"), $"sessions: {error.Message}");
    error = await ErrorOf(admin.CreateSubscriptionAsync(new CreateSubscriptionOptions("net-events", "ruled"),
        new CreateRuleOptions("r", new SqlRuleFilter("a = 1"))));
    Equal(true, error.Message.Contains("no rules"), $"rules: {error.Message}");
    error = await ErrorOf(admin.UpdateQueueAsync((await admin.GetQueueAsync("net-peek")).Value));
    Equal(true, error.Message.Contains("changes no settings"), $"update: {error.Message}");
}

async Task SendMany(string queue, int count)
{
    await using var sender = client.CreateSender(queue);
    await sender.SendMessagesAsync(Enumerable.Range(0, count).Select(nth => new ServiceBusMessage("{}") { MessageId = $"m{nth}" }));
}

async Task<List<ServiceBusReceivedMessage>> ReceiveMany(ServiceBusReceiver receiver, int count, bool complete = false)
{
    var received = new List<ServiceBusReceivedMessage>();
    while (received.Count < count)
    {
        var more = await receiver.ReceiveMessagesAsync(count - received.Count, TimeSpan.FromSeconds(5));
        Equal(true, more.Count > 0, $"only {received.Count} of {count} messages came");
        received.AddRange(more);
    }
    if (complete) foreach (var message in received) await receiver.CompleteMessageAsync(message);
    return received;
}

// Runs a processor until it has made that many calls, and stops it: what is more would be seen by then.
async Task<Handled> Process(string queue, int calls, ServiceBusProcessorOptions settings, Func<Task> handle)
{
    var messages = new ConcurrentQueue<string>();
    var errors = new ConcurrentDictionary<string, bool>();
    var ended = new TaskCompletionSource();
    var done = 0;
    await using var processor = client.CreateProcessor(queue, settings);
    processor.ProcessMessageAsync += async call =>
    {
        messages.Enqueue(call.Message.MessageId);
        await handle();
        if (Interlocked.Increment(ref done) == calls) ended.SetResult();
    };
    processor.ProcessErrorAsync += failure =>
    {
        errors[failure.Exception is ServiceBusException known ? known.Reason.ToString() : failure.Exception.Message.Split('\n')[0]] = true;
        return Task.CompletedTask;
    };
    await processor.StartProcessingAsync();
    await Task.WhenAny(ended.Task, Task.Delay(TimeSpan.FromSeconds(30)));
    await processor.StopProcessingAsync();
    return new Handled([.. messages], string.Join(", ", errors.Keys));
}

static async Task<List<string>> NamesOf<T>(Azure.AsyncPageable<T> all, Func<T, string> nameOf) where T : notnull
{
    var names = new List<string>();
    await foreach (var one in all) names.Add(nameOf(one));
    return names;
}

static async Task<Exception> ErrorOf(Task attempt)
{
    try
    {
        await attempt;
    }
    catch (Exception error)
    {
        return error;
    }
    throw new InvalidOperationException("it is not refused");
}

static async Task<ServiceBusFailureReason> ReasonOf(Task attempt) =>
    await ErrorOf(attempt) is var error && error is ServiceBusException known
        ? known.Reason
        : throw new InvalidOperationException($"no ServiceBusException, but {error.GetType().Name}: {error.Message.Split('\n')[0]}");

static void Equal(object expected, object actual, string what)
{
    // A count is an int here and a long there.
    if (!Equals(expected, actual) && $"{expected.GetType().IsPrimitive} {expected}" != $"{actual.GetType().IsPrimitive} {actual}")
        throw new InvalidOperationException($"{what}: expected {expected}, got {actual}");
}

internal sealed record Handled(IReadOnlyList<string> Messages, string Errors);
