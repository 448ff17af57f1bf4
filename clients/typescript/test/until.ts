/** Something that is told of, and can be waited for. */
export class Told<T> {
  readonly all: T[] = [];
  private waiting: (() => void)[] = [];

  add = (one: T): void => {
    this.all.push(one);
    for (const look of this.waiting.splice(0)) look();
  };

  /** Resolves when what was told so far satisfies `wanted`; the test's own time limit ends it otherwise. */
  async until(wanted: (all: T[]) => boolean): Promise<T[]> {
    while (!wanted(this.all)) await new Promise<void>((look) => this.waiting.push(look));
    return this.all;
  }

  async first(wanted: (one: T) => boolean = () => true): Promise<T> {
    return (await this.until((all) => all.some(wanted))).find(wanted)!;
  }
}
