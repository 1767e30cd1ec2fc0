import { testPrograms } from '../helpers/programs.ts';

// native/linux/stall.h and native/linux/drift.h
testPrograms('reuse-port');
