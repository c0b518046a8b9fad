import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The same function in each language: see ../node/index.mjs. A plain method needs no library of AWS. */
public class Handler {
  public Map<String, Object> handleRequest(Map<String, Object> event) {
    Map<String, Object> answer = new LinkedHashMap<>();
    if ("heavy".equals(event.get("work"))) {
      answer.put("primes", primesBelow(((Number) event.get("below")).intValue()));
      return answer;
    }
    Object given = event.get("items");
    List<?> items = given instanceof List ? (List<?>) given : List.of();
    double total = 0;
    for (Object item : items) total += ((Number) ((Map<?, ?>) item).get("price")).doubleValue();
    answer.put("count", items.size());
    answer.put("total", total);
    answer.put("items", items);
    return answer;
  }

  private static int primesBelow(int limit) {
    int count = limit > 2 ? 1 : 0;
    for (int n = 3; n < limit; n += 2) {
      boolean isPrime = true;
      for (int d = 3; d * d <= n; d += 2)
        if (n % d == 0) {
          isPrime = false;
          break;
        }
      if (isPrime) count++;
    }
    return count;
  }
}
