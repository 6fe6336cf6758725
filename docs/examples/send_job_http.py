# Python, HTTP: nothing to install. CHECKOUT_URL is the function app's address, CHECKOUT_KEY a function key.
import json
import os
import urllib.request

job = {
    "customerId": "7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10",
    "cartId": "2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c702",
    "reference": "PO-2026-117"
}

request = urllib.request.Request(
    os.environ["CHECKOUT_URL"] + "/api/jobs?urgent=true",
    data=json.dumps(job).encode(),
    headers={"content-type": "application/json", "x-functions-key": os.environ["CHECKOUT_KEY"]},
)
# Any answer but 202 raises HTTPError; its body says which field is wrong. Sending again is always safe.
with urllib.request.urlopen(request, timeout=60) as answer:
    print("its state: " + answer.headers["location"])
