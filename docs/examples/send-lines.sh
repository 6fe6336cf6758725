#!/bin/sh
# curl, HTTP: order lines, from which the worker makes the cart. CHECKOUT_URL is the function app's address, CHECKOUT_KEY a function key.
# After a timeout send the same again. For anything new take a new number.
set -eu
curl --fail-with-body --silent --show-error --max-time 60 --dump-header - \
  "$CHECKOUT_URL/api/jobs" \
  --header "x-functions-key: $CHECKOUT_KEY" \
  --header 'content-type: application/json' \
  --data '{
    "customerId": "7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10",
    "externalOrderId": "PO-7741",
    "lines": [
      { "product": "CFQ7TTC0AB12", "sku": "0001", "quantity": 25, "term": "P1Y", "billing": "monthly" },
      { "product": "CFQ7TTC0CD34", "sku": "000P", "quantity": 3, "term": "P1Y", "billing": "monthly" }
    ],
    "maxTotal": "9000.00",
    "currency": "USD"
  }'
