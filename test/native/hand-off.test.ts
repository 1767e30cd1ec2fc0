import { testPrograms } from '../helpers/programs.ts';

// native/pick.h and native/pace.h
testPrograms('hand-off');
