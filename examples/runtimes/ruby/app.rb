# The same function in each language: see ../node/index.mjs.

def primes_below(limit)
  count = limit > 2 ? 1 : 0
  n = 3
  while n < limit
    is_prime = true
    d = 3
    while d * d <= n
      if n % d == 0
        is_prime = false
        break
      end
      d += 2
    end
    count += 1 if is_prime
    n += 2
  end
  count
end

def handler(event:, context:)
  return { primes: primes_below(event['below']) } if event['work'] == 'heavy'

  items = event['items'] || []
  { count: items.size, total: items.sum { |item| item['price'] }, items: items }
end
