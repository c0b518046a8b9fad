// The same function in each language. {"work":"light"} is answered with a little JSON, {"work":"heavy","below":200000}
// with how many primes there are below that number, by trial division.

function primesBelow(limit) {
  let count = limit > 2 ? 1 : 0
  for (let n = 3; n < limit; n += 2) {
    let isPrime = true
    for (let d = 3; d * d <= n; d += 2)
      if (n % d === 0) {
        isPrime = false
        break
      }
    if (isPrime) count++
  }
  return count
}

export const handler = async (event) => {
  if (event.work === 'heavy') return { primes: primesBelow(event.below) }
  const items = event.items ?? []
  return { count: items.length, total: items.reduce((sum, { price }) => sum + price, 0), items }
}
