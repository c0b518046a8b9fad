/** Java for tests: which there is, why not where there is none, and a handler that is compiled on the spot. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Trouble } from '#base/trouble.ts'
import { javaClient } from '#host/sandbox/java-client.ts'
import { findJavas } from '#host/sandbox/javas.ts'
import { CACHE, type ZipFile } from '../sandbox/fake-lambda.ts'
import { has, inFolder, ran } from './compiled.ts'

export const javas = findJavas()
export const newestJava = javas.at(-1)?.major ?? 0
const client = await javaClient({ cacheFolder: CACHE, progress: () => {} }).catch((error: unknown) => {
  // a machine without Maven and network skips; a jar that is not the pinned one fails
  if (error instanceof Trouble && !error.message.includes('is not the pinned one')) return error
  throw error
})
/** Why Java functions are not tried here; false where they are. */
export const noJava =
  javas.length === 0
    ? 'no Java on this machine'
    : client instanceof Trouble
      ? client.message
      : has('javac')
        ? false
        : 'no Java compiler on this machine'

export const HANDLER = `package example;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.LinkedHashMap;
import java.util.Map;
public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  static int count = 0;
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    System.out.println("printed");
    context.getLogger().log("said by " + context.getAwsRequestId());
    context.getLogger().log("two\\nlines");
    if (event.containsKey("fail")) throw new IllegalStateException("as asked");
    if (event.containsKey("fill")) { StringBuilder all = new StringBuilder("x"); while (true) all.append(all); }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("java", System.getProperty("java.specification.version"));
    answer.put("event", event);
    answer.put("count", ++count);
    answer.put("heapKb", Runtime.getRuntime().maxMemory() / 1024);
    answer.put("home", System.getProperty("java.home"));
    answer.put("option", System.getProperty("of.the.user"));
    answer.put("layer", resource("/from-layer.txt"));
    return answer;
  }
  private static boolean resource(String name) { return Handler.class.getResource(name) != null; }
}
`

/** The class files of these sources, as a package has them. */
export function compiledJava(sources: Readonly<Record<string, string>>): readonly ZipFile[] {
  if (client instanceof Trouble) throw client
  const core = readdirSync(client.folder).find((name) => name.startsWith('aws-lambda-java-core')) ?? ''
  return inFolder(sources, (folder) => {
    const out = join(folder, 'out')
    const names = Object.keys(sources)
    ran(
      'javac',
      ['--release', '8', '-Xlint:-options', '-cp', join(client.folder, core), '-d', out, ...names],
      folder,
    )
    return readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.class'))
      .map((name) => ({ name, text: readFileSync(join(out, name)) }))
  })
}
