const { explain } = require('evenkeel');

console.log(explain().strategy);
