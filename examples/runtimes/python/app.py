# The same function in each language: see ../node/index.mjs.


def primes_below(limit):
    count = 1 if limit > 2 else 0
    for n in range(3, limit, 2):
        is_prime = True
        d = 3
        while d * d <= n:
            if n % d == 0:
                is_prime = False
                break
            d += 2
        if is_prime:
            count += 1
    return count


def handler(event, context):
    if event.get("work") == "heavy":
        return {"primes": primes_below(event["below"])}
    items = event.get("items", [])
    return {"count": len(items), "total": sum(item["price"] for item in items), "items": items}
