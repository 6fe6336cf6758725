# Python, Service Bus: pip install azure-servicebus azure-identity
# Signs in with your own identity (role "Azure Service Bus Data Sender" on the queue), or with a connection string.
# Debian's client 7.8 does not reach the local stack: it always uses TLS, and `npm run dev` gives an address without.
import json
import os

from azure.servicebus import ServiceBusClient, ServiceBusMessage

job = {
    "customerId": "7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10",
    "cartId": "2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c703",
    "batchId": "night-2026-11-24",
    "batchSize": 1
}



def connect() -> ServiceBusClient:
    if "SERVICEBUS_CONNECTION" in os.environ:
        return ServiceBusClient.from_connection_string(os.environ["SERVICEBUS_CONNECTION"])
    from azure.identity import DefaultAzureCredential

    return ServiceBusClient(os.environ["SERVICEBUS_NAMESPACE"], DefaultAzureCredential())


with connect() as client:
    with client.get_queue_sender("checkout-jobs") as sender:
        sender.send_messages(ServiceBusMessage(json.dumps(job), content_type="application/json"))
print("sent " + job["cartId"])
