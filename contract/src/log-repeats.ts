/** What decides which of many like lines are written. */
export interface RepeatParts {
  /** Runs `action` once after `ms`; must not keep the process alive. */
  readonly after: (ms: number, action: () => void) => void;
  /** Lines of this kind were left out in the last `seconds`; `like` is the first that was written. */
  readonly leftOut: (level: string, lines: number, seconds: number, like: string) => void;
}

const windowMs = 10_000;

/** Lines of one kind that are written in a window; of lines that say the same, only the first. */
export const linesPerKind = 20;

/** Kinds that are told apart at once; further ones share one allowance. */
const mostKinds = 1_000;

/** What tells kinds apart: the beginning of a line, whatever numbers are in it. */
const kindLength = 24;

interface Kind {
  readonly level: string;
  readonly like: string;
  readonly written: Set<string>;
  leftOut: number;
}

/**
 * Keeps a flood of causes from being a flood of lines. The returned function says whether a line is to be written;
 * what is left out is told as a number at the end of ten seconds.
 */
export const createRepeatLimit = ({ after, leftOut }: RepeatParts): ((level: string, message: string) => boolean) => {
  const kinds = new Map<string, Kind>();
  const end = (name: string, kind: Kind): void => {
    kinds.delete(name);
    if (kind.leftOut > 0) leftOut(kind.level, kind.leftOut, windowMs / 1_000, kind.like);
  };
  const kindOf = (level: string, message: string): Kind => {
    const begun = `${level} ${message.slice(0, kindLength).replace(/\d+/g, "#")}`;
    const name = kinds.has(begun) || kinds.size < mostKinds ? begun : level;
    const known = kinds.get(name);
    if (known !== undefined) return known;
    const kind = { level, like: message, written: new Set<string>(), leftOut: 0 };
    kinds.set(name, kind);
    after(windowMs, () => end(name, kind));
    return kind;
  };
  return (level, message) => {
    const kind = kindOf(level, message);
    if (kind.written.size < linesPerKind && !kind.written.has(message)) {
      kind.written.add(message);
      return true;
    }
    kind.leftOut += 1;
    return false;
  };
};

/** The line that stands for those that were left out. */
export const leftOutLine = (lines: number, seconds: number, like: string): string =>
  `${lines} more ${lines === 1 ? "line" : "lines"} in ${seconds} s like: ${like}`;
