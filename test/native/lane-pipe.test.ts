import { testPrograms } from '../helpers/programs.ts';

// native/win/lane_pipe.cc: the lane of Windows between two threads.
testPrograms('lane-pipe');
