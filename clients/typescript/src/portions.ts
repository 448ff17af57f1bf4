// Many topics, in as many frames as it takes.

/** Bytes of a frame besides its topics, at most: its type and its id. */
const AROUND = 128;

/** What every server takes, as long as this one has not said more. */
const BYTES_AT_FIRST = 4_096;

const encoder = new TextEncoder();

/** In their order, as many together as a message of `limits.frame_bytes` holds; each portion has one at least. */
export function portions<T>(topics: T[], frameBytes: number | undefined): T[][] {
  const all: T[][] = [];
  let left = 0;
  for (const topic of topics) {
    // With the comma.
    const bytes = encoder.encode(JSON.stringify(topic)).length + 1;
    if (all.length > 0 && bytes <= left) {
      left -= bytes;
      all[all.length - 1]!.push(topic);
    } else {
      left = (frameBytes ?? BYTES_AT_FIRST) - AROUND - bytes;
      all.push([topic]);
    }
  }
  return all;
}
