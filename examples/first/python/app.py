# A price list that is read once, when the environment starts, and looked up on each request.
import json
import math

PRICES = {f"item-{i}": round(math.sqrt(i), 2) for i in range(5000)}


def handler(event, context):
    item = (event.get("queryStringParameters") or {}).get("item", "item-42")
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"item": item, "price": PRICES.get(item)}),
    }
