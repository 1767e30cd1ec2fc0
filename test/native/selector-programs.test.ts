import { testPrograms } from '../helpers/programs.ts';

// native/linux/cbpf.h and weights.h: the programs by a model of the machine that runs them.
testPrograms('selector');
