// C#, Service Bus: dotnet add package Azure.Messaging.ServiceBus; dotnet add package Azure.Identity
// Signs in with your own identity (role "Azure Service Bus Data Sender" on the queue), or with a connection string.
using Azure.Identity;
using Azure.Messaging.ServiceBus;

const string job = """
{
  "customerId": "7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10",
  "cartId": "2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c705",
  "reference": "PO-2026-117",
  "requestedBy": "billing"
}
""";

var connection = Environment.GetEnvironmentVariable("SERVICEBUS_CONNECTION");
var host = Environment.GetEnvironmentVariable("SERVICEBUS_NAMESPACE");
await using var client = connection is null
    ? new ServiceBusClient(host, new DefaultAzureCredential())
    : new ServiceBusClient(connection);
await using var sender = client.CreateSender("checkout-jobs");
await sender.SendMessageAsync(new ServiceBusMessage(job) { ContentType = "application/json" });
