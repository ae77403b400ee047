/** Takes the lock named by its argument, says how that went in one line, and stays until it is killed. */
import { Failure } from '../../src/util/failure.ts';
import { nodeDisk } from '../../src/util/node-disk.ts';

try {
  nodeDisk().lock(process.argv[2]!);
  console.log('locked');
  process.stdin.resume();
} catch (error) {
  console.log(`${error instanceof Failure ? error.reason : ''}: ${(error as Error).message}`);
}
