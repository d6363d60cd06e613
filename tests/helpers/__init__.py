"""What tests of several folders share: runs to kill and to resume, peers to compare with, problems to solve."""
