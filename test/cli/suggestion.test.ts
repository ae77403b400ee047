import t from 'tap';
import { suggestion } from '../../src/cli/suggestion.ts';

t.test(
  'changesMax of cli/suggestion: a name that takes two changes is suggested, one that takes three is not',
  async (t) => {
    const names = ['data-dir', 'name'];
    t.equal(suggestion('dta-dr', names), ' (did you mean data-dir?)');
    t.equal(suggestion('dt-dr', names), '');
    t.equal(
      suggestion('nam', names, (name) => `--${name}`),
      ' (did you mean --name?)',
    );
  },
);
