/** A line from the terminal that is not shown while it is typed. */

const interrupt = '\u0003';
const endOfInput = '\u0004';
const erase: readonly string[] = ['\u007f', '\b'];
const eraseAll = '\u0015';

/**
 * Asks at the terminal of this process, which must be one: the prompt goes to standard error, what is typed nowhere. When the
 * user interrupts, the process is sent SIGINT, and there is no answer.
 */
export function askHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  return new Promise((resolve) => {
    let line = '';
    const end = (): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
    };
    const onData = (bytes: Buffer): void => {
      for (const character of bytes.toString('utf8')) {
        if (character === '\r' || character === '\n' || character === endOfInput) {
          end();
          resolve(line);
          return;
        }
        if (character === interrupt) {
          end();
          // What it means while lines are shown: who asked hears of it as of any other interrupt.
          process.kill(process.pid, 'SIGINT');
          return;
        }
        if (erase.includes(character)) line = [...line].slice(0, -1).join('');
        else if (character === eraseAll) line = '';
        else line += character;
      }
    };
    stdin.setRawMode(true);
    stderr.write(prompt);
    stdin.on('data', onData);
    stdin.resume();
  });
}
