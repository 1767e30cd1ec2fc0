import { testPrograms } from '../helpers/programs.ts';

// native/gate.h
testPrograms('gate');
