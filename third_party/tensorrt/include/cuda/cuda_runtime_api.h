// The two CUDA handles that the TensorRT interface mentions, for machines without the CUDA toolkit.
#ifndef TORCHTRT_CUDA_RUNTIME_API_H
#define TORCHTRT_CUDA_RUNTIME_API_H

typedef struct CUstream_st *cudaStream_t;
typedef struct CUevent_st *cudaEvent_t;

#endif  // TORCHTRT_CUDA_RUNTIME_API_H
